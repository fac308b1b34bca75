import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Context } from 'koa';
import { sha256 } from '../lib/sha256.ts';

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
};

type StaticFile = { type: string; body: Buffer; gzipped: Buffer; entityTag: string };

/** The files of one folder, held in memory: nothing outside the folder can be asked for. */
export async function readStaticFiles(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile() && types[path.extname(entry.name)]);
  const read = files.map(async entry => {
    const file = path.join(entry.parentPath, entry.name);
    const body = await readFile(file);
    const entityTag = `"${sha256(body.toString('base64')).slice(0, 32)}"`;
    const type = types[path.extname(entry.name)] as string;
    return [path.relative(folder, file), { type, body, gzipped: gzipSync(body), entityTag }] as const;
  });
  return new Map(await Promise.all(read));
}

/** Sends a file, compressed where the browser takes that. */
export function sendFile(ctx: Context, file: StaticFile, cacheControl: string): void {
  ctx.vary('Accept-Encoding');
  ctx.set('Cache-Control', cacheControl);
  ctx.set('ETag', file.entityTag);
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.set('Content-Type', file.type);
  const compressed = ctx.acceptsEncodings('gzip', 'identity') === 'gzip' && !file.type.startsWith('image/png');
  if (compressed) ctx.set('Content-Encoding', 'gzip');
  ctx.body = compressed ? file.gzipped : file.body;
}
