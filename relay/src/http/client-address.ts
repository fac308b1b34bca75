import net from 'node:net';
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
