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
export function clientNetwork(ctx: Context): string | undefined {
  if (!ipaddr.isValid(ctx.ip)) return undefined;
  const address = ipaddr.process(ctx.ip);
  if (address.kind() === 'ipv4') return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24`;
  const [first = 0, second = 0, third = 0] = (address as ipaddr.IPv6).parts;
  return `${new ipaddr.IPv6([first, second, third, 0, 0, 0, 0, 0])}/48`;
}
