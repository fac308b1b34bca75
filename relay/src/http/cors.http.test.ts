import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  call,
  oneDatabase,
  question,
  SHOP,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../e2e/relay.ts';

describe.each(oneDatabase)('CORS on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database, demo: true });
    site = await relay.site({ allowedOrigins: [SHOP, 'http://localhost:3000'] });
  });
  afterAll(() => relay.stop());

  const config = (Origin: string) => site.widget.config('', { Origin });

  it.each([SHOP, 'http://localhost:3000', 'https://localhost:3000'])(
    'lets %s read the answer, without credentials',
    async origin => {
      const { status, headers } = await config(origin);
      expect(status).toBe(200);
      expect(headers.get('Access-Control-Allow-Origin')).toBe(origin);
      expect(headers.get('Vary')).toContain('Origin');
      expect(headers.get('Access-Control-Expose-Headers')).toContain('X-Request-Id');
      expect(headers.has('Access-Control-Allow-Credentials')).toBe(false);
    },
  );

  it.each([
    'https://evil.example',
    'null',
    'http://shop.example',
    'https://shop.example.evil.example',
    'https://evil.example/https://shop.example',
    'https://shop.example:444',
    'https://SHOP.example',
    'not an origin',
  ])('refuses a page of the origin %s', async origin => {
    for (const answer of [await config(origin), await post(origin), await preflight(origin)]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } });
      expect(answer.headers.has('Access-Control-Allow-Origin')).toBe(false);
    }
  });

  const post = (Origin: string) =>
    call('POST', `${site.widget.base}/turns`, { body: question('Hello', { thread: [] }), headers: { Origin } });
  const preflight = (Origin: string, path = 'conversation') =>
    call('OPTIONS', `${site.widget.base}/${path}`, {
      headers: { Origin, 'Access-Control-Request-Method': 'DELETE', 'Access-Control-Request-Headers': 'authorization' },
    });

  it('does nothing for a page that it refuses', async () => {
    const before = await relay.dump('public');
    await post('https://evil.example');
    expect(await relay.dump('public')).toEqual(before);
  });

  it.each(['config', 'consents', 'turns', 'conversation', 'conversation/export'])(
    'answers the preflight of /%s',
    async path => {
      const { status, headers, body } = await preflight(SHOP, path);
      expect({ status, body }).toEqual({ status: 204, body: '' });
      expect(headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
      expect(headers.get('Access-Control-Allow-Methods')).toMatch(/GET.*POST.*DELETE/);
      expect(headers.get('Access-Control-Allow-Headers')).toMatch(/Authorization.*Content-Type/);
      expect(Number(headers.get('Access-Control-Max-Age'))).toBeGreaterThan(0);
      expect(headers.has('Access-Control-Allow-Credentials')).toBe(false);
    },
  );

  it('lets a page read why it was refused', async () => {
    const answer = await call('POST', `${site.widget.base}/turns`, { body: '{', headers: { Origin: SHOP } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed_json' } });
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
  });

  it('knows no site by the key of another kind', async () => {
    for (const key of ['nobody', 'DEMO', 'demo%20', '%00', '%zz', 'a'.repeat(100)]) {
      const answer = await call('GET', `${relay.url}/v1/widget/${key}/config`);
      expect(answer).toMatchObject({ status: 404, body: { code: 'site_not_found' } });
    }
  });

  it('lets the demo shop’s own pages in, and no other page of that site', async () => {
    expect((await relay.demo.widget.config('', { Origin: relay.url })).status).toBe(200);
    expect((await relay.demo.widget.config('', { Origin: 'http://127.0.0.1:1' })).status).toBe(403);
  });

  it('opens nothing of the plugin surface to a page', async () => {
    const { headers } = await call('GET', site.plugin.base, { bearer: site.secret, headers: { Origin: SHOP } });
    expect(headers.has('Access-Control-Allow-Origin')).toBe(false);
  });
});
