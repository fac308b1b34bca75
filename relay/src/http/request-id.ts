import type { Middleware } from 'koa';
import { v7 as uuidv7 } from 'uuid';
import type { Log } from '../lib/log.ts';
import { withLogContext } from '../lib/log-context.ts';
import { clientNetwork } from './client-address.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { RequestState } from './request-state.ts';

type Deps = { log: Log; requestMetrics: RequestMetrics };

/**
 * Names each request, and logs and measures it when it is over: its method, its route, its outcome and the client's
 * network. Never its address: an address may hold what a visitor typed. The name is always ours, as one that a caller
 * sends could be anybody's; all that is logged and reported of the request carries it.
 */
export function identifyRequests({ log, requestMetrics }: Deps): Middleware<RequestState> {
  return async (ctx, next) => {
    const begun = performance.now();
    const requestId = uuidv7();
    ctx.state.requestId = requestId;
    ctx.state.begun = begun;
    ctx.state.streamBegins = () => requestMetrics.streamBegins(routeOf(ctx));
    ctx.set('X-Request-Id', requestId);
    // Read now: a socket that is closed no longer knows.
    const network = clientNetwork(ctx);
    ctx.res.once('close', () => {
      const { method } = ctx;
      const ms = performance.now() - begun;
      const route = routeOf(ctx);
      log.info({ requestId, method, route, status: ctx.res.statusCode, ms: Math.round(ms), network }, 'request');
      requestMetrics.ended(ctx, route, ms);
    });
    await withLogContext({ requestId }, next);
  };
}

/** The pattern of the route that took the request, such as `/v1/widget/:siteKey/turns`. */
export function routeOf(ctx: object): string {
  return String((ctx as { _matchedRoute?: unknown })._matchedRoute ?? 'none');
}
