import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStaticFiles, sendFile } from './static-files.ts';

describe('static files', () => {
  let folder: string;
  let files: Awaited<ReturnType<typeof readStaticFiles>>;
  let server: ReturnType<Koa['listen']>;
  let url: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'confab-static-'));
    await writeFile(path.join(folder, 'page.html'), '<h1>Hello</h1>'.repeat(20));
    await writeFile(path.join(folder, 'secret.ts'), 'secret');
    await writeFile(path.join(folder, '.env'), 'secret');
    await mkdir(path.join(folder, 'sub'));
    await writeFile(path.join(folder, 'sub/style.css'), 'p {}');
    await symlink('/etc/passwd', path.join(folder, 'passwd.html'));
    files = await readStaticFiles(folder);
    const app = new Koa();
    app.use(ctx => {
      const file = files.get(ctx.path.slice(1));
      if (file) sendFile(ctx, file, 'no-cache');
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  it('are the pages of the folder, of known kinds, and nothing that a link leads to', () => {
    expect([...files.keys()].sort()).toEqual(['page.html', 'sub/style.css']);
  });

  it('are sent with their type and tag, and not again to who has them', async () => {
    const first = await fetch(`${url}/page.html`);
    expect(first.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(await first.text()).toBe('<h1>Hello</h1>'.repeat(20));
    const entityTag = first.headers.get('ETag') ?? '';
    const again = await fetch(`${url}/page.html`, {
      headers: { 'If-None-Match': entityTag, 'Cache-Control': 'max-age=0' },
    });
    expect(again.status).toBe(304);
  });

  it('are compressed for who takes that', async () => {
    const { gzipped, body } = files.get('page.html') ?? {};
    expect(gunzipSync(gzipped ?? Buffer.alloc(0))).toEqual(body);
    const packed = await fetch(`${url}/page.html`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(packed.headers.get('Content-Encoding')).toBe('gzip');
    expect(packed.headers.get('Vary')).toContain('Accept-Encoding');
    await packed.body?.cancel();
    const plain = await fetch(`${url}/page.html`, { headers: { 'Accept-Encoding': 'identity' } });
    expect(plain.headers.has('Content-Encoding')).toBe(false);
    await plain.body?.cancel();
  });
});
