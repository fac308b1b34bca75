import { describe, expect, it } from 'vitest';
import { createCallPlugin } from './call-plugin.ts';

const PATH = '/?rest_route=/confab/v1/verify';

/** Calls the plugin at `homeUrl` on a web of these addresses; gives the answer's status and the addresses asked. */
async function callOn(web: Record<string, { status: number; location?: string }>, homeUrl: string) {
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  const callPlugin = createCallPlugin({
    fetch: async (url, init) => {
      asked.push({ url: String(url), init });
      const { status, location } = web[String(url)] ?? { status: 404 };
      return new Response('', { status, headers: location === undefined ? {} : { Location: location } });
    },
    keyring: { signWebhook: () => ['signature'] },
    now: () => new Date(0),
  });
  const challenge = { siteId: '0b5f0f4e-92a1-4d9f-8c0d-2f4b1f3f7a10', challenge: 'x' };
  const message = { type: 'site.verify' as const, timestamp: '1970-01-01T00:00:00Z', data: challenge };
  const { signal } = new AbortController();
  const answer = await callPlugin({ homeUrl, route: 'verify', id: 'message', message, signal });
  return { status: answer?.status, urls: asked.map(({ url }) => url), inits: asked.map(({ init }) => init) };
}

describe('a call of a plugin', () => {
  it.each([301, 302, 307, 308])('finds a site that moved to https (%i), with the same signed message', async status => {
    const web = {
      [`http://shop.example${PATH}`]: { status, location: `https://shop.example${PATH}` },
      [`https://shop.example${PATH}`]: { status: 200 },
    };
    const { inits, ...found } = await callOn(web, 'http://shop.example');
    expect(found).toEqual({ status: 200, urls: Object.keys(web) });
    expect(inits[1]).toMatchObject({ method: 'POST', body: inits[0]?.body, headers: inits[0]?.headers });
  });

  it.each([
    ['another host', 'http://shop.example', `https://evil.example${PATH}`],
    ['another path', 'http://shop.example', 'https://shop.example/'],
    ['itself', 'https://shop.example', `https://shop.example${PATH}`],
    ['plain http', 'https://shop.example', `http://shop.example${PATH}`],
  ])('follows no redirect to %s', async (_, homeUrl, location) => {
    const { status, urls } = await callOn({ [`${homeUrl}${PATH}`]: { status: 301, location } }, homeUrl);
    expect({ status, urls }).toEqual({ status: 301, urls: [`${homeUrl}${PATH}`] });
  });

  it('goes one step and no further', async () => {
    const away = { status: 301, location: `https://shop.example${PATH}` };
    const web = { [`http://shop.example${PATH}`]: away, [`https://shop.example${PATH}`]: away };
    expect(await callOn(web, 'http://shop.example')).toMatchObject({ status: 301, urls: Object.keys(web) });
  });
});
