import type { Context } from 'koa';
import { AppError } from '../lib/app-error.ts';

/** The credential of `Authorization: Bearer …` (RFC 6750). Throws 401. */
export function bearerOf(ctx: Context): string {
  const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(ctx.get('Authorization'));
  if (!match?.[1]) throw new AppError('unauthorized', 'Send the credential as "Authorization: Bearer …".');
  return match[1];
}
