import { randomUUID } from 'node:crypto';
import type { SourceDetails, SourcePage } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeInternet, htmlPage, startInternet } from '../../../../e2e/fakes/site.ts';
import { call, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

let relay: TestRelay;
let internet: FakeInternet;
beforeAll(async () => {
  internet = await startInternet({});
  internet.hosts[internet.host] = { '/': htmlPage('Home', ['/wool']), '/wool': htmlPage('Our wool') };
  relay = await startTestRelay();
});
afterAll(async () => {
  await relay.stop();
  await internet.close();
});

const sourcesOf = ({ plugin, secret: bearer }: TestSite) => {
  const base = `${plugin.base}/sources`;
  return {
    list: (query = '') => call<SourcePage>('GET', `${base}${query}`, { bearer }),
    add: (body: unknown) => call<SourceDetails>('POST', base, { bearer, body }),
    get: (id: string) => call<SourceDetails>('GET', `${base}/${id}`, { bearer }),
    crawl: (id: string) => call<SourceDetails>('POST', `${base}/${id}/crawl`, { bearer }),
    remove: (id: string) => call<string>('DELETE', `${base}/${id}`, { bearer }),
  };
};

describe('the sources of a site', () => {
  it('are crawled as soon as they are added, answered from, and gone when they are removed', async () => {
    const site = await relay.site({ allowedOrigins: [internet.url] });
    const sources = sourcesOf(site);
    const { status, body } = await sources.add({ url: `${internet.url}/?utm_source=mail#top` });
    expect({ status, url: body.url }).toEqual({ status: 201, url: `${internet.url}/` });
    const state = async () => (await sources.get(body.sourceId)).body.state;
    await expect.poll(state, { timeout: 20_000, interval: 200 }).toBe('idle');
    const done = (await sources.get(body.sourceId)).body;
    expect(done.ended).toEqual({ completed: true, reason: null });
    expect(done.counts).toMatchObject({ found: 2, documents: 2 });
    const found = await site.plugin.search({ q: 'wool' });
    expect(found.body.items.map(({ url }) => url)).toContain(`${internet.url}/wool`);
    expect((await sources.list()).body.items).toMatchObject([{ sourceId: body.sourceId, counts: { documents: 2 } }]);
    expect((await sources.remove(body.sourceId)).status).toBe(204);
    expect((await site.plugin.search({ q: 'wool' })).body.items).toEqual([]);
    expect((await sources.get(body.sourceId)).status).toBe(404);
    expect((await sources.list()).body.items).toEqual([]);
  });

  it('are the site’s own addresses, each once, and no more than is sensible', async () => {
    const sources = sourcesOf(await relay.site({ allowedOrigins: ['https://shop.invalid'] }));
    const url = 'https://shop.invalid/';
    const foreign = await sources.add({ url: 'https://other.invalid/' });
    expect(foreign).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(foreign.body.detail).toContain('https://shop.invalid');
    for (const body of [
      {},
      { url: 'shop' },
      { url: 'ftp://shop.invalid/' },
      { url: 'https://user:pw@shop.invalid/' },
      { url, limits: { pages: 0 } },
      { url, limits: { pages: 1_000_000 } },
      { url, limits: { depth: -1 } },
      { url, limits: { bytes: 1 } },
      { url, more: 1 },
    ]) {
      expect((await sources.add(body)).status).toBe(400);
    }
    const both = await Promise.all([1, 2].map(() => sources.add({ url, limits: { pages: 7 } })));
    const [added, refused] = both.toSorted((one, other) => one.status - other.status);
    expect(refused?.body.detail).toContain('already');
    expect(added).toMatchObject({ status: 201, body: { limits: { pages: 7, depth: 5, bytes: 104_857_600 } } });
    for (let at = 1; at < 20; at += 1) expect((await sources.add({ url: `${url}${at}` })).status).toBe(201);
    expect((await sources.add({ url: `${url}21` })).status).toBe(400);
    const first = (await sources.list('?limit=15')).body;
    const second = (await sources.list(`?limit=15&cursor=${first.nextCursor}`)).body;
    expect(new Set([...first.items, ...second.items].map(({ sourceId }) => sourceId)).size).toBe(20);
    expect(second.nextCursor).toBeNull();
    expect((await sources.list('?cursor=x')).status).toBe(400);
  });

  it('are nobody else’s', async () => {
    const [mine, theirs] = [await relay.site({ allowedOrigins: [internet.url] }), await relay.site()];
    const { body } = await sourcesOf(mine).add({ url: `${internet.url}/mine` });
    const others = sourcesOf(theirs);
    for (const id of [body.sourceId, randomUUID(), 'no-id']) {
      expect((await others.get(id)).status).toBe(404);
      expect((await others.crawl(id)).status).toBe(404);
      expect((await others.remove(id)).status).toBe(404);
    }
    expect((await others.list()).body.items).toEqual([]);
    expect((await sourcesOf(mine).crawl(body.sourceId)).status).toBe(202);
  });
});
