import type { CrawlReason } from '@confab/contract';
import type { Db, Prisma, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';

export type SourceRow = Prisma.SourceGetPayload<object>;
export type PageRow = Prisma.CrawlPageGetPayload<object>;
export type PageState = 'waiting' | 'fetched' | 'unchanged' | 'skipped' | 'failed';

/** An address that was found. */
export type NewPage = {
  hash: string;
  kind: 'page' | 'sitemap';
  url: string;
  depth: number;
  hops: number;
  family: string | null;
  locale: string | null;
};

export type PageChange = Partial<{
  state: PageState;
  reason: CrawlReason | null;
  target: string | null;
  attempts: number;
  misses: number;
  urls: number;
  locale: string | null;
  etag: string | null;
  lastModified: string | null;
  contentHash: string | null;
  changedAt: Date | null;
  indexVersion: number;
  hasDocument: boolean;
  fetchedAt: Date | null;
}>;

/** What a step took, for the source's own counters. */
export type Spent = { asked?: number; bytes?: number; isSetback?: boolean; notices?: CrawlReason[] };

/** Which process does it, and until when nobody else may. */
export type Hold = { siteId: string; sourceId: string; holder: string };

export type CrawlStore = ReturnType<typeof crawlStore>;

/** Every query of the crawl. */
export const crawlStore = (db: Db) => ({
  find: (siteId: string, id: string) => db.source.findUnique({ where: { siteId_id: { siteId, id } } }),

  count: (siteId: string) => db.source.count({ where: { siteId } }),

  /** False where there is a source of this address already. */
  async add(source: Prisma.SourceUncheckedCreateInput): Promise<boolean> {
    return (await db.source.createMany({ data: source, skipDuplicates: true })).count > 0;
  },

  /** Newest first. */
  list: (siteId: string, before: Place | undefined, limit: number) =>
    db.source.findMany({
      where: { siteId, ...olderThan(before) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    }),

  /** Takes it from whoever crawls it. */
  async stop(siteId: string, id: string): Promise<void> {
    await db.source.updateMany({ where: { siteId, id }, data: { state: 'idle', holder: null, leaseUntil: null } });
  },

  /** Its pages go with it. */
  async remove(siteId: string, id: string): Promise<void> {
    await db.source.deleteMany({ where: { siteId, id } });
  },

  /** Asks for a crawl, unless one is asked for or under way. Gives whether there is such a source. */
  async request(siteId: string, id: string): Promise<boolean> {
    await db.source.updateMany({ where: { siteId, id, state: 'idle' }, data: { state: 'waiting' } });
    return (await db.source.count({ where: { siteId, id } })) > 0;
  },

  /** Of every connected site: the sources that are due, and those that nobody crawls though somebody should; by id. */
  due: (now: Date, after: string, limit: number) =>
    db.source.findMany({
      where: {
        id: { gt: after },
        site: { secretHash: { not: null } },
        OR: [
          { state: 'idle', nextAt: { lte: now } },
          { state: { not: 'idle' }, OR: [{ leaseUntil: null }, { leaseUntil: { lte: now } }] },
        ],
      },
      orderBy: { id: 'asc' },
      take: limit,
      select: { siteId: true, id: true, state: true },
    }),

  /**
   * Gives the source to this holder, unless somebody holds it, or another one of its site: a site is asked for one page at a
   * time. `undefined` where nothing is to be done, `busy` where somebody else does it.
   */
  async claim(
    { siteId, sourceId, holder }: Hold,
    now: Date,
    leaseUntil: Date,
  ): Promise<SourceRow | 'busy' | undefined> {
    return inTransaction(db, async tx => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`crawl ${siteId}`}, 0))`;
      const where = { siteId_id: { siteId, id: sourceId } };
      const source = await tx.source.findUnique({ where });
      if (!source || source.state === 'idle') return undefined;
      if ((await tx.source.count({ where: { siteId, leaseUntil: { gt: now } } })) > 0) return 'busy';
      return tx.source.update({ where, data: { holder, leaseUntil } });
    });
  },

  /** Lets others have it. */
  async release({ siteId, sourceId, holder }: Hold): Promise<void> {
    await db.source.updateMany({ where: { siteId, id: sourceId, holder }, data: { holder: null, leaseUntil: null } });
  },

  /**
   * Begins a crawl: every address known from earlier ones waits again, and these beside them. Does nothing where the
   * source is somebody else's by now or is gone.
   */
  async begin({ siteId, sourceId, holder }: Hold, startedAt: Date, seeds: NewPage[]): Promise<void> {
    await inTransaction(db, async tx => {
      const { count } = await tx.source.updateMany({
        where: { siteId, id: sourceId, holder },
        data: {
          state: 'crawling',
          startedAt,
          finishedAt: null,
          reason: null,
          notices: [],
          asked: 0,
          bytes: 0,
          setbacks: 0,
        },
      });
      if (count === 0) return;
      const ofSource = { siteId, sourceId };
      await tx.crawlPage.deleteMany({
        where: { ...ofSource, OR: [{ kind: 'sitemap' }, { reason: 'gone', hasDocument: false }] },
      });
      await tx.crawlPage.updateMany({
        where: ofSource,
        data: { state: 'waiting', reason: null, target: null, attempts: 0, hops: 0 },
      });
      await insert(tx, ofSource, seeds);
    });
  },

  /** The address that is next: sitemaps before pages, what failed behind the rest, then the nearest to the start. */
  next: (siteId: string, sourceId: string) =>
    db.crawlPage.findFirst({
      where: { siteId, sourceId, state: 'waiting' },
      orderBy: [{ kind: 'desc' }, { attempts: 'asc' }, { depth: 'asc' }, { hash: 'asc' }],
    }),

  /**
   * Writes what became of an address, prolongs the hold, and counts what it took. Gives false, and writes nothing, where the
   * source is somebody else's by now or is gone.
   */
  async keep(
    { siteId, sourceId, holder }: Hold,
    leaseUntil: Date,
    hash: string,
    change: PageChange,
    { asked = 0, bytes = 0, isSetback, notices = [] }: Spent = {},
  ): Promise<boolean> {
    return inTransaction(db, async tx => {
      const source = await tx.source.updateManyAndReturn({
        where: { siteId, id: sourceId, holder },
        data: {
          leaseUntil,
          asked: { increment: asked },
          bytes: { increment: bytes },
          ...(isSetback !== undefined && { setbacks: isSetback ? { increment: 1 } : 0 }),
        },
        select: { notices: true },
      });
      const known = source[0]?.notices;
      if (!known) return false;
      const fresh = notices.filter(each => !known.includes(each));
      if (fresh.length > 0) {
        await tx.source.updateMany({
          where: { siteId, id: sourceId },
          data: { notices: [...known, ...new Set(fresh)] },
        });
      }
      await tx.crawlPage.updateMany({ where: { siteId, sourceId, hash }, data: change });
      return true;
    });
  },

  /** Adds addresses that are not known yet. */
  addPages: (siteId: string, sourceId: string, pages: NewPage[]) => insert(db, { siteId, sourceId }, pages),

  /** How many addresses of a kind are known, and how many of each of these families. */
  async sizes(siteId: string, sourceId: string, families: string[]) {
    const ofSource = { siteId, sourceId };
    const kinds = await db.crawlPage.groupBy({ by: ['kind'], where: ofSource, _count: true });
    const grouped =
      families.length === 0
        ? []
        : await db.crawlPage.groupBy({
            by: ['family'],
            where: { ...ofSource, family: { in: families } },
            _count: true,
          });
    return {
      pages: kinds.find(({ kind }) => kind === 'page')?._count ?? 0,
      sitemaps: kinds.find(({ kind }) => kind === 'sitemap')?._count ?? 0,
      families: new Map(grouped.map(({ family, _count }) => [family, _count])),
    };
  },

  /** Those of the addresses that are known. */
  async known(siteId: string, sourceId: string, hashes: string[]): Promise<Set<string>> {
    const where = { siteId, sourceId, hash: { in: hashes } };
    return new Set((await db.crawlPage.findMany({ where, select: { hash: true } })).map(({ hash }) => hash));
  },

  page: (siteId: string, sourceId: string, hash: string) =>
    db.crawlPage.findUnique({ where: { siteId_sourceId_hash: { siteId, sourceId, hash } } }),

  /** Ends a crawl. What still waits where a limit ended it was skipped for that. */
  async finish(
    { siteId, sourceId, holder }: Hold,
    ended: {
      reason: CrawlReason | null;
      startedAt?: Date;
      finishedAt: Date;
      completedAt?: Date;
      nextAt: Date;
      unreachable: number;
    },
  ): Promise<boolean> {
    return inTransaction(db, async tx => {
      const { count } = await tx.source.updateMany({
        where: { siteId, id: sourceId, holder },
        data: { ...ended, state: 'idle', holder: null, leaseUntil: null },
      });
      if (count === 0) return false;
      await tx.crawlPage.updateMany({
        where: { siteId, sourceId, state: 'waiting' },
        data: { state: 'skipped', reason: ended.reason ?? 'page_limit' },
      });
      return true;
    });
  },

  /** Some addresses whose documents the knowledge holds by this source and no other one of the site, in order. */
  async documents(siteId: string, sourceId: string, after: string, limit: number): Promise<string[]> {
    const rows = await db.$queryRaw<{ hash: string }[]>`
      SELECT "hash" FROM "CrawlPage" AS "mine"
      WHERE "siteId" = ${siteId}::uuid AND "sourceId" = ${sourceId}::uuid AND "hasDocument" AND "hash" > ${after}
        AND NOT EXISTS (SELECT 1 FROM "CrawlPage" AS "other" WHERE "other"."siteId" = ${siteId}::uuid
          AND "other"."hash" = "mine"."hash" AND "other"."sourceId" <> "mine"."sourceId" AND "other"."hasDocument")
      ORDER BY "hash" LIMIT ${limit}`;
    return rows.map(({ hash }) => hash);
  },

  /** Whether another source of the site holds this document too. */
  async isShared(siteId: string, sourceId: string, hash: string): Promise<boolean> {
    const where = { siteId, hash, hasDocument: true, sourceId: { not: sourceId } };
    return (await db.crawlPage.count({ where })) > 0;
  },

  async forgetDocuments(siteId: string, sourceId: string): Promise<void> {
    await db.crawlPage.updateMany({
      where: { siteId, sourceId, hasDocument: true },
      data: { hasDocument: false, etag: null, lastModified: null },
    });
  },

  /** Whether the site's plugin has brought a document for any of these addresses. */
  async isFromPlugin(siteId: string, urls: string[]): Promise<boolean> {
    return (await db.document.count({ where: { siteId, origin: 'plugin', url: { in: urls } } })) > 0;
  },

  async countDocuments(siteId: string, sourceId: string): Promise<number> {
    return db.crawlPage.count({ where: { siteId, sourceId, hasDocument: true } });
  },

  /** How many addresses of these sources stand how, and why. */
  counts: (siteId: string, sourceIds: string[]) =>
    db.crawlPage.groupBy({
      by: ['sourceId', 'kind', 'state', 'reason', 'hasDocument'],
      where: { siteId, sourceId: { in: sourceIds } },
      _count: true,
    }),

  sitemaps: (siteId: string, sourceId: string, limit: number) =>
    db.crawlPage.findMany({ where: { siteId, sourceId, kind: 'sitemap' }, orderBy: { url: 'asc' }, take: limit }),

  /** Some of the pages that were left out: those that failed first. */
  examples: (siteId: string, sourceId: string, limit: number) =>
    db.crawlPage.findMany({
      where: { siteId, sourceId, kind: 'page', state: { in: ['skipped', 'failed'] } },
      orderBy: [{ state: 'asc' }, { url: 'asc' }],
      take: limit,
    }),
});

async function insert(db: Db | Tx, ofSource: { siteId: string; sourceId: string }, pages: NewPage[]): Promise<void> {
  const data = pages.map(page => ({ ...ofSource, ...page, state: 'waiting' }));
  if (data.length > 0) await db.crawlPage.createMany({ data, skipDuplicates: true });
}
