import type { Middleware } from 'koa';
import { v7 as uuidv7 } from 'uuid';
import type { Log } from '../lib/log.ts';
import { clientNetwork } from './client-address.ts';
import type { RequestState } from './request-state.ts';

/**
 * Names each request, and logs it when it is over: its method, its route, its outcome and the client's network. Never
 * its address: an address may hold what a visitor typed.
 */
export function identifyRequests(log: Log): Middleware<RequestState> {
  return async (ctx, next) => {
    const begun = performance.now();
    const requestId = uuidv7();
    ctx.state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    // Read now: a socket that is closed no longer knows.
    const network = clientNetwork(ctx);
    ctx.res.once('close', () => {
      const { method } = ctx;
      const ms = Math.round(performance.now() - begun);
      log.info({ requestId, method, route: routeOf(ctx), status: ctx.res.statusCode, ms, network }, 'request');
    });
    await next();
  };
}

/** The pattern of the route that took the request, such as `/v1/widget/:siteKey/turns`. */
export function routeOf(ctx: object): string {
  return String((ctx as { _matchedRoute?: unknown })._matchedRoute ?? 'none');
}
