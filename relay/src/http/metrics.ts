import { timingSafeEqual } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Context } from 'koa';
import { AppError } from '../lib/app-error.ts';
import { sha256 } from '../lib/sha256.ts';
import { bearerOf } from './bearer.ts';

type Deps = {
  /** Who knows it may read them from anywhere. */
  token: string | undefined;
  production: boolean;
};

/**
 * Who may read the metrics. With a token, whoever knows it; without one everybody outside production, and there whoever
 * asks from this machine or its own network, and not through a proxy that the relay was not told of. Throws 401.
 */
export function admitToMetrics(ctx: Context, { token, production }: Deps): void {
  if (token !== undefined) {
    const [given, wanted] = [bearerOf(ctx), token].map(each => Buffer.from(sha256(each))) as [Buffer, Buffer];
    if (!timingSafeEqual(given, wanted)) throw new AppError('unauthorized', 'This is not the token of the metrics.');
    return;
  }
  const isForwarded =
    !ctx.app.proxy && ['Forwarded', 'X-Forwarded-For', 'X-Real-IP'].some(name => ctx.get(name) !== '');
  if (!production || (isNear(ctx.ip) && !isForwarded)) return;
  throw new AppError(
    'unauthorized',
    'From elsewhere the metrics are read with a token: set CONFAB_METRICS_TOKEN, and send it as a bearer.',
  );
}

/** Of this machine, or of a network that the internet cannot reach. */
function isNear(ip: string): boolean {
  if (!ipaddr.isValid(ip)) return false;
  return ['loopback', 'private', 'linkLocal', 'uniqueLocal'].includes(ipaddr.process(ip).range());
}
