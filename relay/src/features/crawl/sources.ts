import {
  type CrawlReason,
  crawlReasons,
  SOURCES_MAX,
  type Source,
  type SourceDetails,
  type SourcePage,
  type sourceRequest,
  uuid,
} from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Jobs } from '../../jobs/jobs.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import type { Site } from '../sites/index.ts';
import { looksLikeSitemap, normalAddress, originsOf } from './addresses.ts';
import { type Crawl, isCutShort } from './crawl.ts';
import { CRAWL } from './jobs.ts';
import { nightAfter } from './night.ts';
import type { CrawlStore, SourceRow } from './store.ts';

/** So many of the pages that were left out are shown, and of the sitemaps. */
const EXAMPLES = 50;

export type Sources = ReturnType<typeof createSources>;

type Deps = {
  store: CrawlStore;
  crawl: Pick<Crawl, 'removeDocuments'>;
  jobs: Pick<Jobs, 'enqueue'>;
  relayOrigin: () => string | undefined;
  now: () => Date;
};

/** What an owner has crawled: the list, and how each of it stands. */
export function createSources({ store, crawl, jobs, relayOrigin, now }: Deps) {
  return {
    /** Adds a source and begins to crawl it. Throws 400 for an address that is none of the site's, or is there already. */
    async add(site: Site, { url: given, limits }: z.output<typeof sourceRequest>): Promise<SourceDetails> {
      const url = normalAddress(given);
      const origins = originsOf(site, relayOrigin());
      if (url === undefined || !origins.has(new URL(url).origin)) {
        const known = [...origins].join(', ') || 'none yet';
        throw refusal(`This address is none of the site’s. Add it to the site’s addresses first. Known: ${known}.`);
      }
      if ((await store.count(site.id)) >= SOURCES_MAX) {
        throw refusal(`A site has ${SOURCES_MAX} sources at most. Remove one first.`);
      }
      const id = uuidv7();
      const createdAt = now();
      const isNew = await store.add({
        siteId: site.id,
        id,
        url,
        kind: looksLikeSitemap(url) ? 'sitemap' : 'site',
        maxPages: limits.pages,
        maxDepth: limits.depth,
        maxBytes: limits.bytes,
        state: 'waiting',
        createdAt,
        nextAt: nightAfter(createdAt, site.settings.timezone, id),
      });
      if (!isNew) throw refusal('This address is a source already.');
      await begin(site, id);
      return details(site, await known(site, id));
    },

    /** Newest first. Throws 400 for a cursor that is none. */
    async list(site: Site, { cursor, limit }: { cursor?: string | undefined; limit: number }): Promise<SourcePage> {
      const rows = await store.list(site.id, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: await readable(site, page), nextCursor };
    },

    /** Throws 404. */
    get: async (site: Site, id: string) => details(site, await known(site, id)),

    /** Asks for a crawl now. Throws 404. */
    async start(site: Site, id: string): Promise<SourceDetails> {
      await known(site, id);
      await store.request(site.id, id);
      await begin(site, id);
      return details(site, await known(site, id));
    },

    /** Takes its pages out of the knowledge. A crawl under way notices at its next page. Throws 404. */
    async remove(site: Site, id: string): Promise<void> {
      await known(site, id);
      await store.stop(site.id, id);
      await crawl.removeDocuments(site, id);
      await store.remove(site.id, id);
    },

    /** Has every source crawled whose time has come, and those that were left in the middle. */
    async sweep(): Promise<void> {
      for (let after = FIRST_ID; ; ) {
        const page = await store.due(now(), after, SWEPT_AT_ONCE);
        for (const { siteId, id, state } of page) {
          if (state === 'idle') await store.request(siteId, id);
          await jobs.enqueue(CRAWL, { siteId, sourceId: id }, { key: id });
        }
        const last = page.at(-1);
        if (!last || page.length < SWEPT_AT_ONCE) return;
        after = last.id;
      }
    },
  };

  async function begin({ id: siteId }: Site, sourceId: string): Promise<void> {
    await jobs.enqueue(CRAWL, { siteId, sourceId }, { key: sourceId });
  }

  async function known(site: Site, id: string): Promise<SourceRow> {
    const source = uuid.safeParse(id).success ? await store.find(site.id, id) : null;
    if (!source) throw new AppError('not_found', 'There is no such source.');
    return source;
  }

  async function details(site: Site, source: SourceRow): Promise<SourceDetails> {
    const [summary] = (await readable(site, [source])) as [Source];
    const sitemaps = await store.sitemaps(site.id, source.id, EXAMPLES);
    const examples = await store.examples(site.id, source.id, EXAMPLES);
    return {
      ...summary,
      sitemaps: sitemaps.map(({ url, state, urls, reason }) => ({
        url,
        state: (state === 'unchanged' ? 'fetched' : state) as SourceDetails['sitemaps'][number]['state'],
        urls,
        reason: explained(reason),
      })),
      examples: examples.flatMap(({ url, state, reason }) => {
        const why = explained(reason);
        return why ? [{ url, outcome: state as 'skipped' | 'failed', ...why }] : [];
      }),
    };
  }

  async function readable(site: Site, rows: SourceRow[]): Promise<Source[]> {
    const ids = rows.map(({ id }) => id);
    const counted = (await store.counts(site.id, ids)).filter(({ kind }) => kind === 'page');
    return rows.map(source => {
      const groups = counted.filter(({ sourceId }) => sourceId === source.id);
      const sum = (which: (group: (typeof groups)[number]) => boolean) =>
        groups.filter(which).reduce((total, { _count }) => total + _count, 0);
      const reasons = new Map<string, Source['reasons'][number]>();
      for (const { state, reason, _count } of groups) {
        const why = explained(reason);
        if (!why || (state !== 'skipped' && state !== 'failed')) continue;
        const held = reasons.get(`${state} ${reason}`);
        reasons.set(`${state} ${reason}`, { outcome: state, ...why, count: (held?.count ?? 0) + _count });
      }
      const isOver = source.state === 'idle' && source.finishedAt !== null;
      return {
        sourceId: source.id,
        url: source.url,
        kind: source.kind as Source['kind'],
        limits: { pages: source.maxPages, depth: source.maxDepth, bytes: source.maxBytes },
        createdAt: source.createdAt.toISOString(),
        state: source.state as Source['state'],
        startedAt: source.startedAt?.toISOString() ?? null,
        finishedAt: source.finishedAt?.toISOString() ?? null,
        ended: isOver ? { completed: !isCutShort(source.reason), reason: explained(source.reason) } : null,
        lastCompletedAt: source.completedAt?.toISOString() ?? null,
        nextCrawlAt: source.nextAt.toISOString(),
        counts: {
          found: sum(() => true),
          waiting: sum(({ state }) => state === 'waiting'),
          fetched: sum(({ state }) => state === 'fetched'),
          unchanged: sum(({ state }) => state === 'unchanged'),
          skipped: sum(({ state }) => state === 'skipped'),
          failed: sum(({ state }) => state === 'failed'),
          documents: sum(({ hasDocument }) => hasDocument),
          bytes: source.bytes,
        },
        reasons: [...reasons.values()].toSorted((one, other) => other.count - one.count),
        notices: source.notices.flatMap(code => explained(code) ?? []),
      };
    });
  }
}

const SWEPT_AT_ONCE = 200;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

const explained = (code: string | null) =>
  code !== null && code in crawlReasons
    ? { code: code as CrawlReason, message: crawlReasons[code as CrawlReason] }
    : null;

const refusal = (message: string) => new AppError('validation_failed', message, { errors: [{ path: 'url', message }] });
