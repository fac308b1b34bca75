import type { Context, Next } from 'koa';
import type { Site } from '../features/sites/index.ts';
import { AppError } from '../lib/app-error.ts';

/**
 * CORS (WHATWG Fetch) for the visitor surface: only pages of the site's own origins may call it from a browser. A call
 * without an `Origin` is not a page's call to another origin and passes. No credentials ever: there are no cookies here.
 */
export async function admitOrigin(ctx: Context & { state: { site: Site } }, next: Next): Promise<void> {
  const origin = ctx.get('Origin');
  ctx.vary('Origin');
  if (origin) {
    const allowed = ctx.state.site.settings.allowedOrigins;
    // Behind a proxy that ends TLS the scheme is the proxy's to say, so the host decides what our own pages are.
    const isOurs = allowed.includes('self') && hostOf(origin) === ctx.host;
    // Who admits a page in the clear admits it encrypted too: sites move from http to https.
    const isAllowed = allowed.includes(origin) || allowed.includes(origin.replace(/^https:/, 'http:'));
    if (!isOurs && !isAllowed) {
      throw new AppError('origin_not_allowed', 'This page may not use this site key. Add its origin in the settings.');
    }
    ctx.set('Access-Control-Allow-Origin', origin);
    ctx.set('Access-Control-Expose-Headers', 'ETag, Retry-After, X-Request-Id');
  }
  if (ctx.method === 'OPTIONS') {
    ctx.set('Access-Control-Allow-Methods', 'GET, POST, DELETE');
    ctx.set('Access-Control-Allow-Headers', 'Authorization, Content-Type');
    ctx.set('Access-Control-Max-Age', '7200');
    ctx.status = 204;
    return;
  }
  await next();
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
