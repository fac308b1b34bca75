import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Router } from '@koa/router';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleIn, consoleRoutes } from './console.ts';
import type { RequestState } from './request-state.ts';

let folder: string;
let url: string;
let stop: () => void;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'confab-console-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<meta property="csp-nonce" nonce="{nonce}">');
  await writeFile(join(folder, 'assets/index.abc.js'), 'start()');
  const router = new Router<RequestState>();
  consoleRoutes(router, { filesOf: consoleIn(folder) });
  const server = new Koa<RequestState>().use(router.routes()).listen(0);
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = () => server.close();
});
afterAll(async () => {
  stop();
  await rm(folder, { recursive: true });
});

describe('the console', () => {
  it.each(['/console/', '/console/team', '/console/sites/x/leads?conversation=1'])(
    'shows its page at %s',
    async path => {
      const reply = await fetch(`${url}${path}`);
      expect(reply.status).toBe(200);
      expect(reply.headers.get('Content-Type')).toContain('text/html');
      expect(await reply.text()).toContain('csp-nonce');
    },
  );

  it('allows a page no inline code, no frame around it, and only the styles with the nonce of this very answer', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => fetch(`${url}/console/`)));
    const policy = one?.headers.get('Content-Security-Policy') ?? '';
    const nonce = /'nonce-([\w+/=]+)'/.exec(policy)?.[1] ?? 'none';
    expect(await one?.text()).toBe(`<meta property="csp-nonce" nonce="${nonce}">`);
    expect(two?.headers.get('Content-Security-Policy')).not.toContain(nonce);
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('lets a browser keep its files for good, as another version has other names', async () => {
    const reply = await fetch(`${url}/console/assets/index.abc.js`);
    expect([reply.status, await reply.text()]).toEqual([200, 'start()']);
    expect(reply.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
  });

  it('has no page for a file that is not there', async () => {
    expect((await fetch(`${url}/console/assets/index.old.js`)).status).toBe(404);
    expect((await fetch(`${url}/console/assets/..%2findex.html`)).status).toBe(404);
  });

  it('has one address, which ends as a folder', async () => {
    const reply = await fetch(`${url}/console?next=1`, { redirect: 'manual' });
    expect([reply.status, reply.headers.get('Location')]).toEqual([302, '/console/?next=1']);
  });
});
