import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DAY_MS, reasons, SHOP, crawler as startCrawler, startRelayForCrawls, urls } from './crawler.ts';
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

/** Everything that names an address, pointed at somebody else. */
const EVIL = [
  'http://evil.example',
  'http://169.254.169.254',
  'http://127.0.0.1:6379',
  'http://shop.example:8080',
  'http://shop.example.evil.example',
];

describe('a hostile site', () => {
  it('has nobody else asked for anything, whatever its pages, redirects, sitemaps and robots.txt name', async () => {
    const links = [
      ...EVIL.map(origin => `${origin}/link`),
      '//evil.example/x',
      'http://shop.example@evil.example/',
      'http:\\\\evil.example\\x',
      'http://evil.example#@shop.example/',
      'https://shop.example:444/',
      'ftp://shop.example/',
      'gopher://127.0.0.1:6379/_FLUSHALL',
      'file:///etc/passwd',
      'data:text/html,<a href="http://evil.example/">x</a>',
      'javascript:location="http://evil.example/"',
    ];
    const elsewhere = Object.fromEntries(
      EVIL.map((origin, at) => [`/to${at}`, { status: 301 + (at % 2), headers: { Location: `${origin}/redirect` } }]),
    );
    const head = EVIL.map(
      origin => `<link rel="alternate" hreflang="de" href="${origin}/de"><link rel="next" href="${origin}/next">
        <link rel="stylesheet" href="${origin}/s.css"><script src="${origin}/s.js"></script><base target="${origin}">
        <meta http-equiv="refresh" content="0; url=${origin}/refresh"><img src="${origin}/i.png"><iframe src="${origin}/f"></iframe>`,
    ).join('');
    const world = await crawler(
      {
        'shop.example': {
          '/robots.txt': [
            ...EVIL.map(origin => `Sitemap: ${origin}/s.xml`),
            'Sitemap: /map.xml',
            'Sitemap: /index.xml',
            'Sitemap: /moved.xml',
          ].join('\n'),
          '/map.xml': sitemapOf([...EVIL.map(origin => `${origin}/loc`), `${SHOP}/canonical`]),
          '/index.xml': {
            body: `<sitemapindex>${EVIL.map(origin => `<sitemap><loc>${origin}/sub.xml</loc></sitemap>`).join('')}</sitemapindex>`,
          },
          '/moved.xml': { status: 301, headers: { Location: 'http://evil.example/moved.xml' } },
          '/': htmlPage('Home', [...links, ...Object.keys(elsewhere), '/based'], { head }),
          '/canonical': htmlPage('Canonical', [], { head: '<link rel="canonical" href="http://evil.example/">' }),
          '/based': htmlPage('Based', ['relative'], { head: '<base href="http://evil.example/">' }),
          ...elsewhere,
        },
        'www.shop.example': { '/robots.txt': { status: 302, headers: { Location: 'http://evil.example/robots.txt' } } },
        'evil.example': () => htmlPage('Evil'),
      },
      { origins: [SHOP, 'http://www.shop.example'] },
    );
    const source = await world.finish((await world.add()).sourceId);
    const hosts = new Set(world.internet.asked.map(({ url }) => new URL(url).host));
    expect([...hosts]).toEqual(['shop.example']);
    expect(reasons(source)).toEqual({ redirect_off_site: EVIL.length });
    expect(source.notices.map(({ code }) => code)).toContain('off_site');
    expect((await urls(world)).every(url => url.startsWith(`${SHOP}/`))).toBe(true);
    const www = await world.finish((await world.add('http://www.shop.example/')).sourceId);
    expect(www.ended).toMatchObject({ completed: false, reason: { code: 'robots_unreachable' } });
    expect(world.internet.asked.every(({ url }) => /^http:\/\/(www\.)?shop\.example\//.test(url))).toBe(true);
  });

  it('is not crawled where its address is none of the site’s, or is so no more', async () => {
    const world = await crawler({ 'shop.example': { '/': htmlPage('Home') }, 'evil.example': {} });
    for (const url of ['http://evil.example/', 'http://shop.example:81/', 'http://169.254.169.254/latest/meta-data/']) {
      await expect(world.add(url)).rejects.toMatchObject({ status: 400, code: 'validation_failed' });
    }
    const { sourceId } = await world.add();
    await world.plugin.change(settings => ({ ...settings, allowedOrigins: ['http://evil.example'] }));
    expect((await world.finish(sourceId)).ended).toMatchObject({ completed: false, reason: { code: 'not_allowed' } });
    expect(world.internet.asked).toEqual([]);
  });

  it('leads in circles, and is left', async () => {
    const world = await crawler({
      'shop.example': path => {
        const at = Number(/^\/on\/(\d+)$/.exec(path)?.[1]);
        if (at >= 0) return { status: 302, headers: { Location: `/on/${at + 1}` } };
        if (path === '/robots.txt') return { status: 301, headers: { Location: '/robots.txt' } };
        if (path === '/self') return { status: 301, headers: { Location: '/self#x' } };
        if (path === '/ping') return { status: 301, headers: { Location: '/pong' } };
        if (path === '/pong') return { status: 301, headers: { Location: '/ping' } };
        if (path === '/nowhere') return { status: 302 };
        return path === '/' ? htmlPage('Home', ['/self', '/ping', '/on/0', '/nowhere']) : undefined;
      },
    });
    const source = await world.finish((await world.add()).sourceId);
    expect(source.ended).toEqual({ completed: true, reason: null });
    expect(reasons(source)).toEqual({ redirect_loop: 2, redirected: 6, too_many_redirects: 1, server_error: 1 });
    expect(await urls(world)).toEqual([`${SHOP}/`]);
  });

  it('has pages without end: the limits hold, and the owner is told', async () => {
    const endless = (path: string) => {
      const month = /^\/calendar\/(\d+)\/(\d+)\/$/.exec(path);
      if (path === '/robots.txt') return undefined;
      if (month)
        return htmlPage(
          path,
          Array.from({ length: 12 }, (_, at) => `/calendar/${Number(month[1]) + 1}/${at + 1}/`),
        );
      if (path.startsWith('/filter'))
        return htmlPage(
          path,
          Array.from({ length: 30 }, (_, at) => `${path}&f${at}=${at}`),
        );
      if (path.startsWith('/deep')) return htmlPage(path, [`${path}/x${path.length}`]);
      if (path.startsWith('/rel')) return htmlPage(path, ['rel/shop/']);
      return path === '/' ? htmlPage('Home', ['/calendar/2026/11/', '/filter?a=1', '/deep', '/rel/']) : undefined;
    };
    const world = await crawler({ 'shop.example': endless });
    const { sourceId } = await world.add(undefined, { pages: 16, depth: 4 });
    const source = await world.finish(sourceId);
    expect(source.ended).toMatchObject({ completed: true, reason: { code: 'page_limit' } });
    expect(world.internet.pathsOf('shop.example').filter(path => !/robots|sitemap/.test(path))).toHaveLength(16);
    expect(source.counts.found).toBeLessThanOrEqual(64);
    expect(source.notices.map(({ code }) => code)).toEqual(expect.arrayContaining(['too_many_variants']));
    const calendar = (await relay.rows('CrawlPage', world.site)).filter(({ url }) => url.includes('/calendar/'));
    expect(calendar.length).toBeLessThanOrEqual(50);
  });

  it('has sitemaps of every bad kind: the crawl ends, and the owner sees why', async () => {
    const million = async function* () {
      yield '<urlset>';
      for (let at = 0; ; at += 1) yield `<url><loc>${SHOP}/p/${at}</loc></url>`;
    };
    const world = await crawler({
      'shop.example': {
        '/robots.txt': ['million', 'broken', 'html', 'picture', 'laughs', 'none', 'nested', 'fault']
          .map(name => `Sitemap: ${SHOP}/${name}.xml`)
          .join('\n'),
        '/million.xml': { body: million },
        '/broken.xml': `<urlset><url><loc>${SHOP}/known</loc></url><url><loc>`,
        '/html.xml': htmlPage('A page'),
        '/picture.xml': { headers: { 'Content-Type': 'image/png' }, body: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1]) },
        '/laughs.xml':
          '<!DOCTYPE u [<!ENTITY a "aaa"><!ENTITY b "&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
        '/nested.xml': `<sitemapindex><sitemap><loc>${SHOP}/nested.xml</loc></sitemap></sitemapindex>`,
        '/fault.xml': { status: 500 },
        '/': htmlPage('Home'),
        '/known': htmlPage('Known'),
      },
    });
    const source = await world.finish((await world.add(undefined, { pages: 20 })).sourceId);
    expect(source.ended).toMatchObject({ completed: true, reason: { code: 'page_limit' } });
    expect(source.counts.found).toBe(80);
    expect(
      Object.fromEntries(source.sitemaps.map(({ url, reason }) => [url.slice(SHOP.length), reason?.code ?? null])),
    ).toEqual({
      '/million.xml': null,
      '/broken.xml': 'broken_sitemap',
      '/html.xml': 'not_a_sitemap',
      '/picture.xml': 'not_a_sitemap',
      '/laughs.xml': 'broken_sitemap',
      '/none.xml': 'no_sitemap',
      '/nested.xml': null,
      '/fault.xml': 'server_error',
    });
    expect(source.notices.map(({ code }) => code)).toContain('page_limit');
  });

  it('sends bombs, drips, cuts and nonsense: each page ends, and the rest is read', async () => {
    const drip = async function* () {
      for (;;) {
        yield '<p>drip</p>';
        await new Promise(resolve => setImmediate(resolve));
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    };
    const endless = async function* () {
      for (;;) yield '<p>more and more of the same</p>'.repeat(2_000);
    };
    const paths = [
      '/bomb',
      '/drip',
      '/endless',
      '/cut',
      '/half',
      '/picture',
      '/nul',
      '/empty',
      '/deep',
      '/broken-gzip',
      '/good',
    ];
    const world = await crawler(
      {
        'shop.example': {
          '/': htmlPage('Home', paths),
          '/bomb': { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync('<p>bomb</p>'.repeat(600_000)) },
          '/drip': { body: drip },
          '/endless': { body: endless },
          '/cut': { cut: true },
          '/half': { headers: { 'Content-Length': '1000' }, body: '<p>half', cut: true },
          '/picture': { headers: { 'Content-Type': 'image/png' }, body: Buffer.alloc(10) },
          '/nul': {
            body: Buffer.from(htmlPage('A \u0000 in it', [], { text: 'Words \u0000 and \ud800 words &#0; more.' })),
          },
          '/empty': { body: '' },
          '/deep': htmlPage('Deep', [], { text: '<div>'.repeat(20_000) }),
          '/broken-gzip': { headers: { 'Content-Encoding': 'gzip' }, body: 'this is no gzip' },
          '/good': htmlPage('Good'),
        },
      },
      { answerMs: 400 },
    );
    const source = await world.finish((await world.add()).sourceId);
    expect(source.state).toBe('idle');
    const why = Object.fromEntries(source.examples.map(({ url, code }) => [url.slice(SHOP.length), code]));
    expect(why).toMatchObject({
      '/bomb': 'too_large',
      '/drip': 'timed_out',
      '/cut': 'connection_failed',
      '/half': 'connection_failed',
      '/picture': 'not_a_page',
      '/empty': 'empty',
      '/broken-gzip': 'connection_failed',
    });
    expect(['too_large', 'timed_out']).toContain(why['/endless']);
    expect(source.examples.every(({ message }) => message.length > 20)).toBe(true);
    expect(await urls(world)).toEqual(expect.arrayContaining([`${SHOP}/`, `${SHOP}/good`]));
  }, 60_000);
});

describe('robots.txt, as it is answered', () => {
  const home = { '/': htmlPage('Home') };
  it.each([
    ['404', { status: 404 }, null],
    ['403', { status: 403 }, null],
    ['500', { status: 500 }, 'robots_unreachable'],
    ['503', { status: 503 }, 'robots_unreachable'],
    ['429', { status: 429 }, 'robots_unreachable'],
    ['a broken connection', { cut: true }, 'site_unreachable'],
    [
      'a file that is too large',
      `User-agent: *\nAllow: /\n${'#'.repeat(600_000)}\nUser-agent: confabbot\nDisallow: /`,
      null,
    ],
    ['a file that forbids all', 'User-agent: *\nDisallow: /', 'robots_all'],
  ])('with %s', async (_, robots: Reply, code) => {
    const world = await crawler({ 'shop.example': { ...home, '/robots.txt': robots } });
    const { ended } = await world.finish((await world.add()).sourceId);
    expect(ended?.reason?.code ?? null).toBe(code);
    expect(await urls(world)).toEqual(code === null ? [`${SHOP}/`] : []);
    expect(world.internet.pathsOf('shop.example').includes('/')).toBe(code === null);
  });

  it('behind five redirects is obeyed', async () => {
    const hops = Object.fromEntries(
      ['/robots.txt', '/r1', '/r2', '/r3', '/r4'].map((path, at) => [
        path,
        { status: 301, headers: { Location: `/r${at + 1}` } },
      ]),
    );
    const world = await crawler({ 'shop.example': { ...home, ...hops, '/r5': 'User-agent: *\nDisallow: /' } });
    expect((await world.finish((await world.add()).sourceId)).ended?.reason?.code).toBe('robots_all');
  });
});

describe('a site that is down', () => {
  const shop = (pages: number): Record<string, Reply> => ({
    '/': htmlPage(
      'Home',
      Array.from({ length: pages }, (_, at) => `/p${at}`),
    ),
    ...Object.fromEntries(Array.from({ length: pages }, (_, at) => [`/p${at}`, htmlPage(`Page ${at}`)])),
  });

  it('in the middle of a crawl keeps what is known of it, and the next crawl goes on', async () => {
    const pages = shop(8);
    let answers = Infinity;
    const world = await crawler({
      'shop.example': path => {
        answers -= 1;
        return answers < 0 ? { status: 500 } : pages[path];
      },
    });
    const { sourceId } = await world.add();
    await world.finish(sourceId);
    answers = 4;
    const down = await world.again(sourceId);
    expect(down.ended).toMatchObject({ completed: false, reason: { code: 'went_down' } });
    expect(down.lastCompletedAt).not.toBe(down.finishedAt);
    expect(down.counts.documents).toBe(9);
    expect(await urls(world)).toHaveLength(9);
    answers = Infinity;
    expect((await world.again(sourceId)).ended).toEqual({ completed: true, reason: null });
  });

  it('only in parts is read to its end', async () => {
    const pages = shop(9);
    for (let at = 0; at < 7; at += 1) pages[`/p${at}`] = { status: 500 };
    const world = await crawler({ 'shop.example': pages });
    const source = await world.finish((await world.add()).sourceId);
    expect(source.ended).toEqual({ completed: true, reason: null });
    expect(source.counts).toMatchObject({ fetched: 3, failed: 7 });
  });

  it('for a week loses its documents in the seventh night, and no sooner', async () => {
    const hosts: Record<string, Host> = { 'shop.example': shop(2) };
    const world = await crawler(hosts);
    const { sourceId } = await world.add();
    await world.finish(sourceId);
    delete hosts['shop.example'];
    for (let night = 1; night <= 6; night += 1) {
      expect((await world.again(sourceId)).ended).toMatchObject({ reason: { code: 'site_unreachable' } });
    }
    expect(await urls(world)).toHaveLength(3);
    expect((await world.again(sourceId)).counts.documents).toBe(0);
    expect(await urls(world)).toEqual([]);
  });

  it('with one page that fails keeps it for a week, and a page that is gone not for a day', async () => {
    const pages = shop(2);
    const world = await crawler({ 'shop.example': pages });
    const { sourceId } = await world.add();
    await world.finish(sourceId);
    pages['/p0'] = { status: 500 };
    pages['/p1'] = { status: 404 };
    await world.again(sourceId);
    expect(await urls(world)).toEqual([`${SHOP}/`, `${SHOP}/p0`]);
    for (let night = 2; night <= 6; night += 1) await world.again(sourceId);
    expect(await urls(world)).toEqual([`${SHOP}/`, `${SHOP}/p0`]);
    await world.again(sourceId);
    expect(await urls(world)).toEqual([`${SHOP}/`]);
  });

  it('for repairs, and leads every page to one that says so, keeps its documents', async () => {
    const pages = shop(2);
    const world = await crawler({ 'shop.example': pages });
    const { sourceId } = await world.add();
    await world.finish(sourceId);
    for (const path of Object.keys(pages)) pages[path] = { status: 302, headers: { Location: '/repairs' } };
    pages['/repairs'] = { status: 503 };
    await world.again(sourceId);
    expect(await urls(world)).toHaveLength(3);
  });

  it('that asks to wait is given the time, and asked more slowly', async () => {
    const pages = shop(2);
    let refusals = 2;
    const world = await crawler({
      'shop.example': path => {
        if (path === '/p0' && refusals-- > 0)
          return { status: refusals === 1 ? 429 : 503, headers: { 'Retry-After': '20' } };
        return pages[path];
      },
    });
    const source = await world.finish((await world.add()).sourceId);
    expect(source.counts).toMatchObject({ fetched: 3, failed: 0 });
    expect(world.pauses.filter(ms => ms === 20_000)).toHaveLength(2);
    expect(world.pauses.some(ms => ms === 4_000)).toBe(true);
    pages['/'] = { status: 429, headers: { 'Retry-After': '86400' } };
    expect((await world.again(source.sourceId)).ended).toMatchObject({
      completed: false,
      reason: { code: 'asked_to_wait' },
    });
  });
});

describe('a crawl that is cut off', () => {
  const pages: Record<string, Reply> = {
    '/': htmlPage('Home', ['/a', '/b', '/c', '/d']),
    ...Object.fromEntries(['/a', '/b', '/c', '/d'].map(path => [path, htmlPage(path)])),
  };

  it('goes on where it was: the page under way is asked for again, and no other', async () => {
    const world = await crawler({ 'shop.example': pages });
    const { sourceId } = await world.add();
    // A process that dies in the middle of its third page: it never comes back, and releases nothing.
    let asked = 0;
    const dying = world.newCrawl(((input: string, init: RequestInit) => {
      asked += 1;
      return asked === 5 ? new Promise(() => {}) : world.internet.fetch(input, init);
    }) as typeof fetch);
    void world.slice(sourceId, dying).catch(() => {});
    await vi.waitFor(() => expect(asked).toBe(5), { timeout: 10_000, interval: 5 });
    expect((await world.sources.get(world.site, sourceId)).state).toBe('crawling');
    // Another process leaves it alone while the first one may still live.
    expect(await world.slice(sourceId)).toBe(60);
    const before = world.internet.asked.length;
    world.pass(10 * 60_000);
    const source = await world.finish(sourceId);
    expect(source.counts).toMatchObject({ fetched: 5, documents: 5 });
    const later = world.internet.pathsOf('shop.example').slice(before);
    expect(later.filter(path => path !== '/robots.txt')).toHaveLength(3);
    const all = world.internet.pathsOf('shop.example').filter(path => !/robots/.test(path));
    expect(new Set(all).size).toBe(all.length);
  });

  it('by a stop of the relay lets the next process go on at once', async () => {
    const world = await crawler({ 'shop.example': pages });
    const { sourceId } = await world.add();
    const stop = new AbortController();
    const stopping = world.newCrawl(((input: string, init: RequestInit) => {
      if (input.endsWith('/a')) stop.abort(new Error('stopping'));
      return world.internet.fetch(input, init);
    }) as typeof fetch);
    await expect(world.slice(sourceId, stopping, stop.signal)).rejects.toThrow('stopping');
    expect((await world.finish(sourceId)).counts.fetched).toBe(5);
  });

  it('is never in two hands: neither two of one source nor two of one site', async () => {
    const world = await crawler({ 'shop.example': pages });
    const [one, other] = [await world.add(), await world.add(`${SHOP}/a`)];
    let slices: (number | undefined)[] = [];
    let isNested = false;
    const outer = world.newCrawl((async (input: string, init: RequestInit) => {
      if (!isNested) {
        isNested = true;
        slices = [await world.slice(one.sourceId), await world.slice(other.sourceId)];
      }
      return world.internet.fetch(input, init);
    }) as typeof fetch);
    await world.slice(one.sourceId, outer);
    expect(slices).toEqual([60, 60]);
    expect((await world.finish(other.sourceId)).state).toBe('idle');
  });

  it('by its removal leaves nothing of it', async () => {
    const world = await crawler({ 'shop.example': pages });
    const { sourceId } = await world.add();
    const removing = world.newCrawl((async (input: string, init: RequestInit) => {
      if (input.endsWith('/c')) await world.sources.remove(world.site, sourceId);
      return world.internet.fetch(input, init);
    }) as typeof fetch);
    expect(await world.slice(sourceId, removing)).toBeUndefined();
    expect(await urls(world)).toEqual([]);
    expect(await relay.rows('CrawlPage', world.site)).toEqual([]);
    await expect(world.sources.get(world.site, sourceId)).rejects.toMatchObject({ status: 404 });
  });

  it('by a removal that has not come to its end leaves nothing of it either', async () => {
    const world = await crawler({ 'shop.example': pages });
    const { sourceId } = await world.add();
    const { site, store } = world;
    // The page is in the knowledge already when the removal begins, and not yet written down.
    const stopped = world.newCrawl(undefined, {
      sync: async (...change) => {
        const answer = await relay.services.knowledge.sync(...change);
        if (change[1].upsert.some(({ url }) => url === `${SHOP}/b`)) await store.stop(site.id, sourceId);
        return answer;
      },
    });
    expect(await world.slice(sourceId, stopped)).toBeUndefined();
    await world.sources.remove(site, sourceId);
    expect(await urls(world)).toEqual([]);
  });

  it('by somebody else before it began changes nothing of theirs', async () => {
    const world = await crawler({ 'shop.example': pages });
    const { sourceId } = await world.add();
    const late = world.newCrawl((async (input: string, init: RequestInit) => {
      world.pass(60 * 60_000);
      await world.slice(sourceId);
      return world.internet.fetch(input, init);
    }) as typeof fetch);
    expect(await world.slice(sourceId, late)).toBeUndefined();
    expect((await world.sources.get(world.site, sourceId)).counts).toMatchObject({ waiting: 0, fetched: 5 });
    expect(world.internet.pathsOf('shop.example').filter(path => path === '/a')).toHaveLength(1);
  });

  it('keeps, of a source that is removed, the pages that another one has too', async () => {
    const world = await crawler({ 'shop.example': { ...pages, '/map.xml': sitemapOf([`${SHOP}/a`]) } });
    const [whole, part] = [await world.add(), await world.add(`${SHOP}/map.xml`)];
    await world.finish(whole.sourceId);
    await world.finish(part.sourceId);
    await world.sources.remove(world.site, whole.sourceId);
    expect(await urls(world)).toEqual([`${SHOP}/a`]);
    await world.sources.remove(world.site, part.sourceId);
    expect(await urls(world)).toEqual([]);
  });

  it('is begun every night by itself, and taken up where somebody left it', async () => {
    const world = await crawler({ 'shop.example': pages });
    const { sourceId } = await world.add();
    const { nextCrawlAt } = await world.finish(sourceId);
    await world.sources.sweep();
    expect((await world.sources.get(world.site, sourceId)).state).toBe('idle');
    world.pass(DAY_MS);
    await world.sources.sweep();
    expect((await world.sources.get(world.site, sourceId)).state).toBe('waiting');
    const { nextCrawlAt: later } = await world.finish(sourceId);
    expect(Date.parse(later) - Date.parse(nextCrawlAt)).toBe(DAY_MS);
  });
});
