import type { Middleware } from 'koa';

/** What every answer of the relay carries. A page of ours may set its own policy over it. */
export const setSecurityHeaders: Middleware = async (ctx, next) => {
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  // The widget of another site must be able to read what CORS allows it.
  ctx.set('Cross-Origin-Resource-Policy', 'cross-origin');
  ctx.set('Cache-Control', 'no-store');
  await next();
};
