import type { Context } from 'koa';
import getRawBody from 'raw-body';
import { AppError } from '../lib/app-error.ts';

/** Reads a JSON body of at most `max` bytes. Throws 415, 413 or 400. */
export async function readJson(ctx: Context, how: { types: string[]; max: number }): Promise<unknown> {
  const bytes = await readBody(ctx, how);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new AppError('malformed_json', 'The body is not JSON in UTF-8.');
  }
}

/** Reads the fields of an HTML form, of at most `max` bytes. Throws 415, 413 or 400. */
export async function readForm(ctx: Context, { max }: { max: number }): Promise<Record<string, string>> {
  const bytes = await readBody(ctx, { types: ['application/x-www-form-urlencoded'], max });
  return Object.fromEntries(new URLSearchParams(bytes.toString('utf8')));
}

/** Reads a body of one of these types, of at most `max` bytes, as it was sent. Throws 415, 413 or 400. */
export async function readBody(ctx: Context, { types, max }: { types: string[]; max: number }): Promise<Buffer> {
  if (!ctx.request.is(types)) {
    throw new AppError('unsupported_media_type', `Send the body as ${types.join(' or ')}.`);
  }
  if (ctx.get('Content-Encoding') && ctx.get('Content-Encoding') !== 'identity') {
    throw new AppError('unsupported_media_type', 'Send the body uncompressed.');
  }
  return readBytes(ctx, { max });
}

/** Reads a body of any kind, of at most `max` bytes, as it was sent. Throws 413 or 400. */
export async function readBytes(ctx: Context, { max }: { max: number }): Promise<Buffer> {
  return getRawBody(ctx.req, { limit: max, length: ctx.request.length }).catch(error => {
    if (error.type === 'entity.too.large') {
      // What is not read would be taken for the next request of this connection.
      ctx.set('Connection', 'close');
      throw new AppError('body_too_large', `The body may have ${max} bytes at most.`);
    }
    throw new AppError('malformed_json', 'The body ended before it was whole.', { cause: error });
  });
}
