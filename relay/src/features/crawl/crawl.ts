import { randomUUID } from 'node:crypto';
import { type CrawlReason, type DocumentUpsert, documentUpsert, type RejectionCode } from '@confab/contract';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Extractor } from '../../lib/extract/extract.ts';
import type { Log } from '../../lib/log.ts';
import { sha256 } from '../../lib/sha256.ts';
import { INDEX_VERSION, type Knowledge } from '../knowledge/index.ts';
import type { Site, Sites } from '../sites/index.ts';
import { FAMILY_MAX, familyOf, isEndless, isFile, normalAddress, originsOf } from './addresses.ts';
import { type Ask, AskError, ROBOTS_NAME, readBody, reasonOf, retryAfterOf } from './ask.ts';
import { nightAfter } from './night.ts';
import { parseRobots, ROBOTS_BYTES_MAX, type Robots } from './robots.ts';
import { readSitemap, type SitemapEntry } from './sitemap.ts';
import type { CrawlStore, Hold, NewPage, PageChange, PageRow, SourceRow, Spent } from './store.ts';
import { createVisit, type Link, type Visit } from './visit.ts';

/** A crawl works so long at a time, and then lets others of its process work. */
const SLICE_MS = 5 * 60_000;
/** Who has not said for so long that it is at work has died. Longer than any one step. */
const LEASE_MS = 4 * 60_000;
/** While somebody else crawls this site. */
const BUSY_S = 60;

/** Between two requests. A `Crawl-delay` may ask for more, up to the longest; a site that is overloaded gets more, too. */
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 30_000;
/** A wait that a site asks for (`Retry-After`): up to here we wait on the spot, then later, then not in this crawl. */
const WAIT_HERE_S = 30;
const WAIT_MAX_S = 15 * 60;

const ATTEMPTS_MAX = 3;
/** So many pages in a row without an answer, and robots.txt tells whether the site is down or it is only they. */
const SETBACKS_MAX = 6;
/** In so many crawls in a row a page may not answer, or the whole site, before its documents go: a week of nights. */
const MISSES_MAX = 7;

/** What the addresses known of a source may be at most, for each page that is asked for. */
const FOUND_PER_PAGE = 4;
const SITEMAPS_MAX = 100;
/** An index may lead to another one; no sitemap is deeper. */
const SITEMAP_DEPTH_MAX = 2;
const ROBOTS_REDIRECTS_MAX = 5;
/** Less than the 24 hours that RFC 9309 allows, so that an owner who changes it sees the next crawl obey. */
const ROBOTS_MS = 60 * 60_000;
const DELETED_AT_ONCE = 200;

const UNREACHABLE: readonly string[] = [
  'site_unreachable',
  'robots_unreachable',
  'name_not_found',
  'certificate',
  'private_address',
];
const CUT_SHORT: readonly string[] = [...UNREACHABLE, 'went_down', 'asked_to_wait', 'not_allowed'];

/** Whether a crawl that ended so has not come to its end: what is known of the site is no fresher than before. */
export const isCutShort = (reason: string | null): boolean => reason !== null && CUT_SHORT.includes(reason);

export const externalIdOf = (hash: string): string => `crawl:${hash}`;

/** Somebody else has the source by now, or it was removed. */
class Lost extends Error {}

export type Crawl = ReturnType<typeof createCrawl>;

type Deps = {
  store: CrawlStore;
  sites: Pick<Sites, 'byId'>;
  knowledge: Pick<Knowledge, 'sync'>;
  extractor: Pick<Extractor, 'extract'>;
  ask: Ask;
  relayOrigin: () => string | undefined;
  pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  log: Log;
  now: () => Date;
};

/** One crawl of one source, as it goes on from wherever the tables say that it stands. */
export function createCrawl(deps: Deps) {
  const { store, sites, knowledge, ask, relayOrigin, pause, log, now } = deps;
  const visit = createVisit(deps);

  return {
    /**
     * Crawls the source for a while, if somebody asked for it and nobody else is at it. Gives after how many seconds it is to
     * be called again, or nothing where the crawl has ended. Each address is written down as it is done, so that a process
     * that dies loses the one under way. Throws the signal's reason.
     */
    async slice(siteId: string, sourceId: string, signal: AbortSignal): Promise<number | undefined> {
      const site = await sites.byId(siteId);
      if (!site?.isConnected) return undefined;
      const hold = { siteId, sourceId, holder: randomUUID() };
      const source = await store.claim(hold, now(), leaseEnd());
      if (source === undefined) return undefined;
      if (source === 'busy') return BUSY_S;
      try {
        return await work(site, source, hold, signal);
      } catch (error) {
        if (error instanceof Lost) return undefined;
        throw error;
      } finally {
        await store.release(hold);
      }
    },

    /** Takes what a source brought out of the knowledge, unless another source of the site brings it too. */
    removeDocuments: dropDocuments,
  };

  function leaseEnd(): Date {
    return new Date(now().getTime() + LEASE_MS);
  }

  async function work(site: Site, source: SourceRow, hold: Hold, signal: AbortSignal): Promise<number | undefined> {
    const origins = originsOf(site, relayOrigin());
    const robotsOf = robotsReader(origins, signal);
    const run = { site, source, hold, origins, signal, pauseMs: PAUSE_MS };
    if (!origins.has(new URL(source.url).origin)) return finish(run, 'not_allowed');
    const robots = await robotsOf(source.url);
    if (typeof robots === 'string') return finish(run, robots);
    if (source.state === 'waiting') await store.begin(hold, now(), seedsOf(source, robots));

    const end = now().getTime() + SLICE_MS;
    for (let isFirst = true; ; isFirst = false) {
      signal.throwIfAborted();
      const [page, current] = [await store.next(site.id, source.id), await store.find(site.id, source.id)];
      if (current?.holder !== hold.holder) throw new Lost();
      if (!page) return finish(run, await reasonForNothing(run, robots));
      if (page.kind === 'page' && current.asked >= source.maxPages) return finish(run, 'page_limit');
      if (current.bytes >= source.maxBytes) return finish(run, 'byte_limit');
      if (current.setbacks >= SETBACKS_MAX) {
        await pause(run.pauseMs, signal);
        const isDown = typeof (await readRobots(new URL(source.url).origin, origins, signal)) === 'string';
        if (isDown) return finish(run, downReason(current));
        await keep(run, page, {}, { isSetback: false });
      }
      if (now().getTime() >= end) return 0;

      if (page.attempts >= ATTEMPTS_MAX) {
        await keep(run, page, { ...missed(page, 'internal') });
        continue;
      }
      const rules = origins.has(new URL(page.url).origin) ? await robotsOf(page.url) : 'not_allowed';
      const refusal = typeof rules === 'string' ? rules : rules.allows(pathOf(page.url)) ? undefined : 'robots';
      if (typeof rules === 'string' || refusal) {
        await leave(run, page, refusal as CrawlReason, { isForNow: refusal !== 'robots' && refusal !== 'not_allowed' });
        continue;
      }
      run.pauseMs = Math.max(run.pauseMs, Math.min((rules.crawlDelay ?? 0) * 1_000, PAUSE_MAX_MS));
      if (!isFirst) await pause(run.pauseMs, signal);
      // Counted before it is asked for: a page that brings the process down does so three times, and no more.
      await keep(
        run,
        page,
        { attempts: page.attempts + 1 },
        { asked: page.kind === 'page' && page.attempts === 0 ? 1 : 0 },
      );
      const waitS = await step(run, { ...page, attempts: page.attempts + 1 });
      if (waitS === undefined) continue;
      if (waitS > WAIT_MAX_S) return finish(run, 'asked_to_wait');
      if (waitS > WAIT_HERE_S) return waitS;
      await pause(waitS * 1_000, signal);
    }
  }

  /** Does one address. Gives the seconds that the site asks to wait, if it does. */
  async function step(run: Run, page: PageRow): Promise<number | undefined> {
    try {
      return page.kind === 'sitemap' ? await readSitemapOf(run, page) : await visitPage(run, page);
    } catch (error) {
      if (error instanceof Lost || run.signal.aborted) throw error;
      log.error({ err: error, siteId: run.site.id }, 'a page was not crawled for a fault of ours');
      await keep(run, page, page.attempts < ATTEMPTS_MAX ? {} : missed(page, 'internal'));
      return undefined;
    }
  }

  async function visitPage(run: Run, page: PageRow): Promise<number | undefined> {
    const { origins, signal } = run;
    const isKnown = page.hasDocument && page.indexVersion === INDEX_VERSION;
    const seen = await visit(page, { origins, isKnown, signal });
    if (seen.kind === 'missed') return miss(run, page, seen);
    if (seen.kind === 'unchanged') {
      await keep(run, page, { state: 'unchanged', misses: 0, fetchedAt: now() }, { isSetback: false });
      return undefined;
    }
    const notices = await discover(run, page, seen.links);
    const spent: Spent = { bytes: seen.bytes, isSetback: false, notices };
    if (seen.kind === 'left') {
      const { reason, target, isForNow } = await untangle(run, page, seen);
      await leave(run, page, reason, { target, isForNow, spent });
    } else if (seen.original !== undefined && !(await isLost(run, page, seen.original))) {
      await leave(run, page, 'duplicate', { target: seen.original, spent });
    } else {
      await take(run, page, seen, spent);
    }
    return undefined;
  }

  /** Whether the page that another one names as its original is not there, or names that one in turn. */
  async function isLost({ site, source }: Run, page: PageRow, original: string): Promise<boolean> {
    const other = await store.page(site.id, source.id, sha256(original));
    return other !== null && (other.reason === 'gone' || (other.reason === 'duplicate' && other.target === page.url));
  }

  /** Tells a redirect that comes back to where it began from one that leads to a page. */
  async function untangle({ site, source }: Run, page: PageRow, seen: Extract<Visit, { kind: 'left' }>) {
    if (seen.reason !== 'redirected' || seen.target === undefined) return seen;
    let hash = sha256(seen.target);
    for (let hops = 0; hops < ROBOTS_REDIRECTS_MAX; hops += 1) {
      const next = await store.page(site.id, source.id, hash);
      if (next?.reason !== 'redirected' || next.target === null) return seen;
      if (next.target === page.url) return { ...seen, reason: 'redirect_loop' as const };
      hash = sha256(next.target);
    }
    return seen;
  }

  async function take(run: Run, page: PageRow, seen: Extract<Visit, { kind: 'read' }>, spent: Spent): Promise<void> {
    const { site, hold } = run;
    if (await store.isFromPlugin(site.id, spellingsOf(page.url)))
      return leave(run, page, 'known_from_plugin', { spent });
    const { document, contentHash } = documentOf(page, seen);
    const valid = documentUpsert.safeParse(document);
    if (!valid.success) return leave(run, page, 'unreadable', { spent });
    const answer = await knowledge.sync(site, { upsert: [valid.data], delete: [] }, { origin: 'crawl' });
    const [rejected] = answer.rejected;
    if (rejected) return leave(run, page, REJECTED[rejected.code] ?? 'unreadable', { spent });
    const { etag, lastModified } = seen;
    const change: PageChange = {
      state: answer.unchanged > 0 ? 'unchanged' : 'fetched',
      misses: 0,
      etag,
      lastModified,
      contentHash,
      changedAt: new Date(document.updatedAt),
      indexVersion: INDEX_VERSION,
      hasDocument: true,
      fetchedAt: now(),
    };
    try {
      await keep(run, page, change, spent);
    } catch (error) {
      if (error instanceof Lost && (await isBeingRemoved(hold, page)))
        await dropDocument(run, { ...page, hasDocument: true });
      throw error;
    }
  }

  /** Whether the source went while we read the page, or is about to: nobody else would take its document out again. */
  async function isBeingRemoved({ siteId, sourceId }: Hold, { hash }: PageRow): Promise<boolean> {
    const source = await store.find(siteId, sourceId);
    if (source?.state !== 'idle') return source === null;
    // A crawl that has ended, in other hands, leaves no address waiting.
    return (await store.page(siteId, sourceId, hash))?.state === 'waiting';
  }

  function documentOf(page: PageRow, { extracted, lastModified }: Extract<Visit, { kind: 'read' }>) {
    const { title, html, text, locale, attributes, product } = extracted;
    const content = {
      externalId: externalIdOf(page.hash),
      type: product ? ('product' as const) : ('page' as const),
      url: page.url,
      title: title.slice(0, 500),
      ...(html === null ? { text: text ?? '' } : { html }),
      ...((locale ?? page.locale) !== null && { locale: (locale ?? page.locale) as string }),
      attributes,
      ...(product && { product }),
    };
    const contentHash = sha256(canonicalJson(content));
    const isSame = page.contentHash === contentHash && page.changedAt !== null;
    const said = extracted.modifiedAt ?? new Date(lastModified ?? Number.NaN);
    const isSensible = said.getTime() > 0 && said < now();
    const updatedAt = isSame ? (page.changedAt as Date) : isSensible ? said : now();
    return { document: { ...content, updatedAt: updatedAt.toISOString() } satisfies DocumentUpsert, contentHash };
  }

  /** The page is not for the knowledge: what was known of it goes, unless it is only not for now. */
  async function leave(
    run: Run,
    page: PageRow,
    reason: CrawlReason,
    {
      target,
      isForNow = false,
      spent = {},
    }: { target?: string | undefined; isForNow?: boolean | undefined; spent?: Spent } = {},
  ): Promise<void> {
    const state = reason === 'gone' || reason === 'redirect_loop' || reason === 'unreadable' ? 'failed' : 'skipped';
    const change: PageChange = { state, reason, target: target ?? null, fetchedAt: now() };
    if (isForNow)
      return keep(run, page, { ...missed(page, reason), ...change, ...(await dropIfMissing(run, page)) }, spent);
    await dropDocument(run, page);
    return keep(run, page, { ...change, misses: 0, hasDocument: false, etag: null, lastModified: null }, spent);
  }

  /** Tried again in this crawl, later, where that may help; in the next one at the latest. */
  async function miss(run: Run, page: PageRow, seen: Extract<Visit, { kind: 'missed' }>): Promise<number | undefined> {
    const { reason, isSetback, retryAfterS } = seen;
    const isOverloaded = reason === 'too_many_requests' || retryAfterS !== undefined;
    run.pauseMs = isSetback ? Math.min(run.pauseMs * 2, PAUSE_MAX_MS) : run.pauseMs;
    const isLast = !isSetback || page.attempts >= ATTEMPTS_MAX;
    const change = isLast ? { ...missed(page, reason), ...(await dropIfMissing(run, page)) } : { reason };
    // Those that fail are tried again in a row at the end: that says nothing of the site.
    await keep(run, page, change, isSetback && page.attempts === 1 ? { isSetback } : {});
    return isOverloaded ? (retryAfterS ?? run.pauseMs / 1_000) : undefined;
  }

  async function dropIfMissing(run: Run, page: PageRow): Promise<PageChange> {
    if (!page.hasDocument || page.misses + 1 < MISSES_MAX) return {};
    await dropDocument(run, page);
    return { hasDocument: false, etag: null, lastModified: null };
  }

  async function dropDocument({ site, source }: Run, page: PageRow): Promise<void> {
    if (!page.hasDocument || (await store.isShared(site.id, source.id, page.hash))) return;
    await knowledge.sync(site, { upsert: [], delete: [externalIdOf(page.hash)] }, { origin: 'crawl' });
  }

  async function dropDocuments(site: Site, sourceId: string): Promise<void> {
    for (let after = ''; ; ) {
      const hashes = await store.documents(site.id, sourceId, after, DELETED_AT_ONCE);
      if (hashes.length === 0) break;
      await knowledge.sync(site, { upsert: [], delete: hashes.map(externalIdOf) }, { origin: 'crawl' });
      after = hashes.at(-1) as string;
    }
    await store.forgetDocuments(site.id, sourceId);
  }

  async function keep({ hold }: Run, page: PageRow, change: PageChange, spent?: Spent): Promise<void> {
    if (!(await store.keep(hold, leaseEnd(), page.hash, change, spent))) throw new Lost();
  }

  /** Adds the addresses that a page leads to, as far as the limits go. Gives what the owner should know. */
  async function discover({ site, source }: Run, page: PageRow, links: Link[]): Promise<CrawlReason[]> {
    const found = new Map<string, NewPage>();
    const notices = new Set<CrawlReason>();
    for (const { url, hops = 0, locale = null } of links) {
      const isPlain = hops === 0 && locale === null;
      if (isFile(url) || url === page.url || (isPlain && source.kind === 'sitemap')) continue;
      const more = { depth: hops > 0 ? page.depth : page.depth + 1, hops, locale, family: familyOf(url) };
      if (isEndless(url)) notices.add('too_many_variants');
      else found.set(sha256(url), newPage(url, more));
    }
    const known = await store.known(site.id, source.id, [...found.keys()]);
    for (const hash of known) found.delete(hash);
    const fresh = [...found.values()].filter(({ depth }) => depth <= Math.max(source.maxDepth, page.depth));
    if (fresh.length < found.size) notices.add('depth_limit');
    const sizes = await store.sizes(site.id, source.id, [...new Set(fresh.flatMap(({ family }) => family ?? []))]);
    const added = fresh.filter(({ family }) => {
      if (family === null) return true;
      const size = sizes.families.get(family) ?? 0;
      sizes.families.set(family, size + 1);
      if (size >= FAMILY_MAX) notices.add('too_many_variants');
      return size < FAMILY_MAX;
    });
    const room = Math.max(0, source.maxPages * FOUND_PER_PAGE - sizes.pages);
    if (added.length > room) notices.add('page_limit');
    await store.addPages(site.id, source.id, added.slice(0, room));
    return [...notices];
  }

  async function readSitemapOf(run: Run, page: PageRow): Promise<number | undefined> {
    const { origins, signal } = run;
    let urls = 0;
    const notices = new Set<CrawlReason>();
    const take = async (entries: SitemapEntry[]) => {
      const added = await addEntries(run, page, entries);
      urls += added.taken;
      for (const notice of added.notices) notices.add(notice);
      return added.hasRoom;
    };
    const done = (change: PageChange) =>
      keep(run, page, { fetchedAt: now(), ...change, urls }, { isSetback: false, notices: [...notices] });
    try {
      return await ask(page.url, { origins, signal }, async ({ status, headers, body }) => {
        if (status >= 300 && status < 400) {
          const target = normalAddress(headers.get('Location') ?? '', page.url);
          const isOurs = target !== undefined && origins.has(new URL(target).origin);
          const isEnd = target === page.url || page.hops >= ROBOTS_REDIRECTS_MAX;
          if (isOurs && !isEnd) await addSitemaps(run, page, [target], { hops: page.hops + 1 });
          const reason = !isOurs ? 'redirect_off_site' : isEnd ? 'redirect_loop' : 'redirected';
          return void (await done({ state: 'skipped', reason }));
        }
        const reason = reasonOf(status);
        if (reason === 'gone') return void (await done({ state: 'skipped', reason: 'no_sitemap' }));
        if (reason !== undefined) {
          const retryAfterS = retryAfterOf(headers, now());
          return miss(run, page, { kind: 'missed', reason, isSetback: reason !== 'refused', retryAfterS });
        }
        const fault = await readSitemap(body, { take });
        const state = fault === undefined ? 'fetched' : urls > 0 ? 'fetched' : 'failed';
        return void (await done({ state, reason: fault ?? null }));
      });
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      return miss(run, page, { kind: 'missed', reason: error.code, isSetback: true });
    }
  }

  async function addEntries(run: Run, sitemap: PageRow, entries: SitemapEntry[]) {
    const { site, source, origins } = run;
    const notices = new Set<CrawlReason>();
    const pages = new Map<string, NewPage>();
    const sitemaps: string[] = [];
    for (const { kind, url: written, locale } of entries) {
      const url = normalAddress(written, sitemap.url);
      if (url === undefined || !origins.has(new URL(url).origin)) notices.add('off_site');
      else if (kind === 'sitemap') sitemaps.push(url);
      else if (!isFile(url)) pages.set(sha256(url), newPage(url, { depth: 0, hops: 0, locale, family: null }));
    }
    if (!(await addSitemaps(run, sitemap, sitemaps))) notices.add('too_many_sitemaps');
    for (const hash of await store.known(site.id, source.id, [...pages.keys()])) pages.delete(hash);
    const sizes = await store.sizes(site.id, source.id, []);
    const room = Math.max(0, source.maxPages * FOUND_PER_PAGE - sizes.pages);
    if (pages.size > room) notices.add('page_limit');
    await store.addPages(site.id, source.id, [...pages.values()].slice(0, room));
    return { taken: Math.min(pages.size, room) + sitemaps.length, hasRoom: pages.size <= room, notices };
  }

  /** Gives whether there was room for all of them. */
  async function addSitemaps(
    { site, source }: Run,
    from: PageRow,
    urls: string[],
    { hops = 0 } = {},
  ): Promise<boolean> {
    if (urls.length === 0) return true;
    const depth = hops > 0 ? from.depth : from.depth + 1;
    const room = SITEMAPS_MAX - (await store.sizes(site.id, source.id, [])).sitemaps;
    const isTooDeep = depth > SITEMAP_DEPTH_MAX;
    const added = isTooDeep ? [] : urls.slice(0, Math.max(0, room));
    await store.addPages(
      site.id,
      source.id,
      added.map(url => ({ ...newPage(url, { depth, hops, locale: null, family: null }), ...sitemapKey(url) })),
    );
    return added.length === urls.length;
  }

  /** Ends the crawl; what it found stays as it is. */
  async function finish({ site, source, hold }: Run, reason: CrawlReason | null): Promise<undefined> {
    const at = now();
    const unreachable = reason !== null && UNREACHABLE.includes(reason) ? source.unreachable + 1 : 0;
    if (unreachable >= MISSES_MAX) await dropDocuments(site, source.id);
    const nextAt = nightAfter(at, site.settings.timezone, source.id);
    await store.finish(hold, {
      reason,
      ...(source.state === 'waiting' && !source.startedAt && { startedAt: at }),
      finishedAt: at,
      ...(!isCutShort(reason) && { completedAt: at }),
      nextAt,
      unreachable,
    });
    return undefined;
  }

  /** Why there is nothing to read, where there is nothing. */
  async function reasonForNothing({ site, source }: Run, robots: Robots): Promise<CrawlReason | null> {
    if ((await store.countDocuments(site.id, source.id)) > 0) return null;
    const current = await store.find(site.id, source.id);
    if (current && current.setbacks > 0) return 'site_unreachable';
    return robots.allows(pathOf(source.url)) ? 'nothing_found' : 'robots_all';
  }

  /** Reads the robots.txt of an origin once and keeps it for a while. Gives a reason where nothing may be asked for. */
  function robotsReader(origins: Set<string>, signal: AbortSignal) {
    const known = new Map<string, { robots: Robots | CrawlReason; readAt: number }>();
    return async (address: string): Promise<Robots | CrawlReason> => {
      const { origin } = new URL(address);
      const held = known.get(origin);
      if (held && now().getTime() - held.readAt < ROBOTS_MS) return held.robots;
      let robots: Robots | CrawlReason = 'robots_unreachable';
      for (let attempt = 1; attempt <= ATTEMPTS_MAX && typeof robots === 'string'; attempt += 1) {
        if (attempt > 1) await pause(PAUSE_MS * 2 ** attempt, signal);
        robots = await readRobots(origin, origins, signal);
      }
      known.set(origin, { robots, readAt: now().getTime() });
      return robots;
    };
  }

  async function readRobots(origin: string, origins: Set<string>, signal: AbortSignal): Promise<Robots | CrawlReason> {
    let address = `${origin}/robots.txt`;
    for (let redirects = 0; redirects <= ROBOTS_REDIRECTS_MAX; redirects += 1) {
      try {
        const answer = await ask(address, { origins, signal }, async ({ status, headers, body }) => {
          if (status >= 300 && status < 400) return { location: headers.get('Location') ?? '' };
          // No file means no rules. Who answers with a fault may have some.
          if (status >= 500 || status === 429) return 'robots_unreachable' as const;
          if (status !== 200) return parseRobots('', ROBOTS_NAME);
          return parseRobots((await readBody(body, ROBOTS_BYTES_MAX, { cut: true })).toString('utf8'), ROBOTS_NAME);
        });
        if (typeof answer === 'string' || 'allows' in answer) return answer;
        const target = normalAddress(answer.location, address);
        if (target === undefined) return 'robots_unreachable';
        address = target;
      } catch (error) {
        if (!(error instanceof AskError)) throw error;
        if (error.code === 'redirect_off_site') return 'robots_unreachable';
        return UNREACHABLE.includes(error.code) ? error.code : 'site_unreachable';
      }
    }
    return parseRobots('', ROBOTS_NAME);
  }
}

type Run = {
  site: Site;
  source: SourceRow;
  hold: Hold;
  origins: Set<string>;
  signal: AbortSignal;
  /** Between two requests; grows where the site is overloaded. */
  pauseMs: number;
};

const REJECTED: Partial<Record<RejectionCode, CrawlReason>> = { empty: 'empty', too_large: 'too_large' };

const missed = (page: PageRow, reason: CrawlReason): PageChange => ({
  state: 'failed',
  reason,
  misses: page.misses + 1,
});

const downReason = ({ bytes }: SourceRow): CrawlReason => (bytes > 0 ? 'went_down' : 'site_unreachable');

const pathOf = (address: string): string => {
  const { pathname, search } = new URL(address);
  return pathname + search;
};

/** A plugin may write an address with or without its last slash. */
const spellingsOf = (address: string): string[] => [
  address,
  address.endsWith('/') ? address.slice(0, -1) : `${address}/`,
];

const newPage = (url: string, more: Pick<NewPage, 'depth' | 'hops' | 'locale' | 'family'>): NewPage => ({
  hash: sha256(url),
  kind: 'page',
  url,
  ...more,
});

/** A sitemap's row is another one than that of a page at the same address. */
const sitemapKey = (url: string): { hash: string; kind: 'sitemap' } => ({
  hash: sha256(`sitemap ${url}`),
  kind: 'sitemap',
});

const sitemapSeed = (url: string): NewPage => ({
  ...newPage(url, { depth: 0, hops: 0, locale: null, family: null }),
  ...sitemapKey(url),
});

/** Where a crawl begins: at the one sitemap, or at the page and at every sitemap that the site names. */
function seedsOf({ kind, url }: SourceRow, robots: Robots): NewPage[] {
  if (kind === 'sitemap') return [sitemapSeed(url)];
  const named = robots.sitemaps.flatMap(each => normalAddress(each, url) ?? []).slice(0, SITEMAPS_MAX);
  const sitemaps = named.length > 0 ? named : [new URL('/sitemap.xml', url).href];
  return [newPage(url, { depth: 0, hops: 0, locale: null, family: null }), ...sitemaps.map(sitemapSeed)];
}
