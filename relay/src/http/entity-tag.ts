import type { Context } from 'koa';
import { sha256 } from '../lib/sha256.ts';

/** Answers with JSON under a strong `ETag` of its bytes, or with 304 where the caller has it. */
export function sendCacheable(ctx: Context, value: unknown, cacheControl: string): void {
  const body = JSON.stringify(value);
  ctx.set('Cache-Control', cacheControl);
  ctx.set('ETag', `"${sha256(body).slice(0, 32)}"`);
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.type = 'json';
  ctx.body = body;
}
