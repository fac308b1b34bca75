import net from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Context } from 'koa';

/** What the rates of a visitor are counted by: the IPv4 address, or the /64 that one household has of IPv6. */
export function clientAddress(ctx: Context): string {
  const ip = ctx.ip.replace(/^::ffff:/i, '');
  if (!net.isIPv6(ip)) return ip;
  const [head = '', tail] = ip.split('%')[0]?.split('::') ?? [];
  const groups = head ? head.split(':') : [];
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail ? tail.split(':').length : 0);
  const all = [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ? tail.split(':') : [])];
  return all.slice(0, 4).join(':');
}

/** What the log keeps of the client's address: its /24 in IPv4, its /48 in IPv6; nothing of what is no address. */
export const clientNetwork = (ctx: Context): string | undefined => networkOf(ctx.ip, 48);

/**
 * What a visitor's spending is counted by, in memory: the /24 in IPv4, the /56 in IPv6, which is the least that a provider
 * hands out to one place. Whoever has no address is one visitor together.
 */
export const visitorNetwork = (ctx: Context): string => networkOf(ctx.ip, 56) ?? 'none';

function networkOf(ip: string, bits: 48 | 56): string | undefined {
  if (!ipaddr.isValid(ip)) return undefined;
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24`;
  const [first = 0, second = 0, third = 0, fourth = 0] = (address as ipaddr.IPv6).parts;
  return `${new ipaddr.IPv6([first, second, third, bits === 56 ? fourth & 0xff00 : 0, 0, 0, 0, 0])}/${bits}`;
}
