import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { reasons, SHOP, crawler as startCrawler, startRelayForCrawls, urls } from './crawler.ts';
import { type Host, htmlPage, type Reply, sitemapOf } from './fakes/site.ts';
import type { TestRelay } from './relay.ts';

let relay: TestRelay;
beforeAll(async () => {
  relay = await startRelayForCrawls();
});
afterAll(async () => relay.stop());

async function crawler(hosts: Record<string, Host>, options?: Parameters<typeof startCrawler>[2]) {
  const world = await startCrawler(relay, hosts, options);
  onTestFinished(() => world.internet.close());
  return world;
}

describe('a crawl', () => {
  it('takes the pages of sitemap and links into the knowledge, and says how it stands', async () => {
    const world = await crawler({
      'shop.example': {
        '/robots.txt': { headers: { 'Content-Type': 'text/plain' }, body: `Sitemap: ${SHOP}/map.xml` },
        '/map.xml': sitemapOf([`${SHOP}/jumper`]),
        '/': htmlPage('Home', ['/about', '/about#team', '/about?utm_source=x', '/photo.jpg', 'mailto:a@b.example']),
        '/about': htmlPage('About us'),
        '/jumper': htmlPage('Jumper', ['/']),
      },
    });
    const added = await world.add();
    expect(added).toMatchObject({ kind: 'site', state: 'waiting', ended: null, lastCompletedAt: null });
    const source = await world.finish(added.sourceId);
    expect(source).toMatchObject({
      state: 'idle',
      ended: { completed: true, reason: null },
      counts: { found: 3, waiting: 0, fetched: 3, unchanged: 0, skipped: 0, failed: 0, documents: 3 },
      sitemaps: [{ url: `${SHOP}/map.xml`, state: 'fetched', urls: 1, reason: null }],
      reasons: [],
    });
    expect(source.lastCompletedAt).toBe(source.finishedAt);
    expect(source.nextCrawlAt > (source.finishedAt as string)).toBe(true);
    const documents = await world.documents();
    expect(Object.keys(documents).toSorted()).toEqual([`${SHOP}/`, `${SHOP}/about`, `${SHOP}/jumper`]);
    expect(documents[`${SHOP}/about`]).toMatchObject({
      origin: 'crawl',
      type: 'page',
      title: 'About us',
      locale: 'en',
    });
    expect(documents[`${SHOP}/about`].externalId).toMatch(/^crawl:[0-9a-f]{64}$/);
    expect(world.internet.pathsOf('shop.example').toSorted()).toEqual([
      '/',
      '/about',
      '/jumper',
      '/map.xml',
      '/robots.txt',
    ]);
    // One request at a time, and a second between them.
    expect(world.pauses).toEqual([1_000, 1_000, 1_000]);
    expect(new Set(world.internet.asked.map(({ headers }) => headers['user-agent']?.split('/')[0]))).toEqual(
      new Set(['ConfabBot']),
    );
    expect(world.internet.asked.some(({ headers }) => headers.cookie)).toBe(false);
  });

  it('asks again only for what has changed, and drops what has gone', async () => {
    const shop: Record<string, Reply> = {
      '/': { headers: { ETag: '"1"' }, body: htmlPage('Home', ['/dated', '/plain', '/goes', '/hides']) },
      '/dated': { headers: { 'Last-Modified': 'Sun, 01 Nov 2026 10:00:00 GMT' }, body: htmlPage('Dated') },
      '/plain': htmlPage('Plain'),
      '/goes': htmlPage('Goes'),
      '/hides': htmlPage('Hides'),
    };
    const world = await crawler({
      'shop.example': (path, { headers }) => {
        if (path === '/' && headers['if-none-match'] === '"1"') return { status: 304 };
        if (path === '/dated' && headers['if-modified-since']) return { status: 304 };
        return shop[path];
      },
    });
    const { sourceId } = await world.add();
    await world.finish(sourceId);
    const before = await world.documents();
    expect(before[`${SHOP}/dated`].updatedAt).toContain('2026-11-01T10:00:00');
    shop['/plain'] = htmlPage('Plain');
    shop['/goes'] = { status: 410 };
    shop['/hides'] = { headers: { 'X-Robots-Tag': 'noindex' }, body: htmlPage('Hides') };
    const source = await world.again(sourceId);
    expect(source.counts).toMatchObject({ fetched: 0, unchanged: 3, skipped: 1, failed: 1, documents: 3 });
    expect(reasons(source)).toEqual({ gone: 1, noindex: 1 });
    const after = await world.documents();
    expect(Object.keys(after).toSorted()).toEqual([`${SHOP}/`, `${SHOP}/dated`, `${SHOP}/plain`]);
    expect(after[`${SHOP}/plain`]).toEqual(before[`${SHOP}/plain`]);
    shop['/plain'] = htmlPage('Plain', [], {
      text: 'Something new is written here about what is plain and what is not.',
    });
    expect((await world.again(sourceId)).counts).toMatchObject({ fetched: 1, unchanged: 2 });
  });

  it('obeys robots.txt, noindex, nofollow and canonical', async () => {
    const world = await crawler({
      'shop.example': {
        '/robots.txt': 'User-agent: *\nDisallow: /private\nUser-agent: confabbot\nDisallow: /secret\nCrawl-delay: 4',
        '/': htmlPage('Home', [
          '/secret',
          '/private',
          '/noindex',
          '/nofollow',
          '/header',
          '/copy',
          '/a',
          '/b',
          '/abroad',
        ]),
        '/secret': htmlPage('Secret'),
        '/private': htmlPage('Private'),
        '/noindex': htmlPage('Hidden', ['/behind'], { head: '<meta name="robots" content="noindex">' }),
        '/behind': htmlPage('Behind'),
        '/nofollow': htmlPage('No follow', ['/unfollowed'], { head: '<meta name="robots" content="nofollow">' }),
        '/unfollowed': htmlPage('Unfollowed'),
        '/header': {
          headers: { 'X-Robots-Tag': 'otherbot: all, confabbot: none' },
          body: htmlPage('Header', ['/unfollowed']),
        },
        '/copy': htmlPage('Copy', [], { head: `<link rel="canonical" href="${SHOP}/original">` }),
        '/original': htmlPage('Original'),
        '/a': htmlPage('Each names the other', [], { head: '<link rel="canonical" href="/b">' }),
        '/b': htmlPage('Each names the other', [], { head: '<link rel="canonical" href="/a">' }),
        '/abroad': htmlPage('Abroad', [], { head: '<link rel="canonical" href="http://other.example/abroad">' }),
      },
    });
    const source = await world.finish((await world.add()).sourceId);
    expect(reasons(source)).toEqual({ robots: 1, noindex: 2, duplicate: 2 });
    const taken = await urls(world);
    expect(taken.filter(url => !/\/[ab]$/.test(url))).toEqual(
      ['/', '/abroad', '/behind', '/nofollow', '/original', '/private'].map(path => SHOP + path),
    );
    expect(taken.filter(url => /\/[ab]$/.test(url))).toHaveLength(1);
    expect(world.internet.pathsOf('shop.example')).not.toContain('/secret');
    expect(world.internet.pathsOf('shop.example')).not.toContain('/unfollowed');
    expect(new Set(world.pauses)).toEqual(new Set([4_000]));
  });

  it('leaves alone what the plugin has brought', async () => {
    const world = await crawler({ 'shop.example': { '/': htmlPage('Home', ['/about']), '/about': htmlPage('About') } });
    const { sourceId } = await world.add();
    await world.finish(sourceId);
    await world.plugin.sync({
      upsert: [
        {
          externalId: '7',
          type: 'page',
          url: `${SHOP}/about/`,
          title: 'About',
          text: 'We knit.',
          updatedAt: '2026-01-01T00:00:00Z',
        },
      ],
    });
    expect(reasons(await world.again(sourceId))).toEqual({ known_from_plugin: 1 });
    expect(await urls(world)).toEqual([`${SHOP}/`, `${SHOP}/about/`]);
    expect((await world.plugin.documents()).body.items.map(({ externalId }) => externalId)).toEqual(['7']);
  });

  it('of a sitemap takes what that lists, translations too, and follows no links', async () => {
    const world = await crawler({
      'shop.example': {
        '/de.xml': {
          headers: { 'Content-Type': 'application/xml' },
          body: gzipSync(
            `<urlset><url><loc>${SHOP}/en</loc><xhtml:link rel="alternate" hreflang="de" href="${SHOP}/de"/></url></urlset>`,
          ),
        },
        '/en': htmlPage('Wool', ['/elsewhere']),
        '/de': htmlPage('Wolle').replace(' lang="en"', ''),
        '/elsewhere': htmlPage('Elsewhere'),
      },
    });
    const { sourceId, kind } = await world.add(`${SHOP}/de.xml`);
    expect(kind).toBe('sitemap');
    expect((await world.finish(sourceId)).sitemaps).toMatchObject([{ state: 'fetched', urls: 2 }]);
    const documents = await world.documents();
    expect(Object.keys(documents).toSorted()).toEqual([`${SHOP}/de`, `${SHOP}/en`]);
    expect(documents[`${SHOP}/de`].locale).toBe('de');
  });
});
