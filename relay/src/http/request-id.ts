import type { Middleware } from 'koa';
import { v7 as uuidv7 } from 'uuid';
import type { Log } from '../lib/log.ts';
import type { RequestState } from './request-state.ts';

/**
 * Names each request, and logs it when it is over: its method, its route and its outcome. Never its address: an address
 * may hold what a visitor typed.
 */
export function identifyRequests(log: Log): Middleware<RequestState> {
  return async (ctx, next) => {
    const begun = performance.now();
    const requestId = uuidv7();
    ctx.state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    ctx.res.once('close', () => {
      const { method } = ctx;
      const route = (ctx as { _matchedRoute?: unknown })._matchedRoute;
      const ms = Math.round(performance.now() - begun);
      log.info({ requestId, method, route: String(route ?? 'none'), status: ctx.res.statusCode, ms }, 'request');
    });
    await next();
  };
}
