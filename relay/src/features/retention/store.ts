import type { PurgeCertificate } from '@confab/contract';
import type { Db, Prisma, Tx } from '../../db/database.ts';
import { type Period, within } from '../../lib/cursor.ts';
import type { Counts } from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';
import type { Night } from './night.ts';

export type CountsByClass = Record<string, Counts>;

/** One purge of a site that is not completed yet. */
export type Run = {
  siteId: string;
  id: string;
  trigger: PurgeCertificate['trigger'];
  night: Night | null;
  cutoffs: Record<string, string>;
  counts: CountsByClass;
  startedAt: Date;
};

/** What tells whether a site is due. */
export type Standing = {
  id: string;
  key: string;
  timezone: string;
  createdAt: Date;
  /** Of the last nightly purge that was completed. */
  night: Night | null;
  /** Whether a purge was begun and not completed. */
  underWay: boolean;
};

export type PurgeStore = ReturnType<typeof purgeStore>;

/** Every query of the purge. Its table says how far a site's purge has come; a lock on the row is whose turn it is. */
export const purgeStore = (db: Db) => ({
  /** The database's clock. */
  async time(): Promise<Date> {
    const [row] = await db.$queryRaw<{ time: Date }[]>`SELECT clock_timestamp() AS "time"`;
    return row?.time as Date;
  },

  /** Sites in the order of their ids, after this one. */
  standings: (after: string, limit: number): Promise<Standing[]> => db.$queryRaw<Standing[]>`
    SELECT site."id"::text AS "id", site."key" AS "key", site."settings"->>'timezone' AS "timezone",
      site."createdAt" AS "createdAt",
      (SELECT "night"::text FROM "PurgeRun" WHERE "siteId" = site."id" AND "night" IS NOT NULL AND "hash" IS NOT NULL
        ORDER BY "night" DESC LIMIT 1) AS "night",
      EXISTS (SELECT FROM "PurgeRun" WHERE "siteId" = site."id" AND "sequence" IS NULL) AS "underWay"
    FROM "Site" site WHERE site."id" > ${after}::uuid ORDER BY site."id" LIMIT ${limit}`,

  /** The site, locked: no other purge of it begins or completes, and no legal hold is placed, until `tx` ends. */
  async lockSite(tx: Tx, siteId: string): Promise<Pick<Site, 'key' | 'settings' | 'createdAt'> | undefined> {
    const rows = await tx.$queryRaw<Pick<Site, 'key' | 'settings' | 'createdAt'>[]>`
      SELECT "key", "settings", "createdAt" FROM "Site" WHERE "id" = ${siteId}::uuid FOR NO KEY UPDATE`;
    return rows[0];
  },

  async lastNight(tx: Tx, siteId: string): Promise<Night | undefined> {
    const where = { siteId, night: { not: null } };
    const row = await tx.purgeRun.findFirst({ where, orderBy: { night: 'desc' }, select: { night: true } });
    return row?.night?.toISOString().slice(0, 10);
  },

  async running(tx: Tx, siteId: string): Promise<Run | undefined> {
    const row = await tx.purgeRun.findFirst({ where: { siteId, sequence: null } });
    return row ? runOf(row) : undefined;
  },

  async begin(tx: Tx, run: Run): Promise<void> {
    const night = run.night === null ? null : new Date(run.night);
    await tx.purgeRun.create({ data: { ...run, night, status: 'running', held: false } });
  },

  /** The run as it stands now, locked until `tx` ends; nothing where it is completed, or gone with its site. */
  async lockRun(tx: Tx, { siteId, id }: Run): Promise<Run | undefined> {
    await tx.$queryRaw`SELECT 1 FROM "PurgeRun" WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid FOR UPDATE`;
    const row = await tx.purgeRun.findFirst({ where: { siteId, id, sequence: null } });
    return row ? runOf(row) : undefined;
  },

  async saveCounts(tx: Tx, { siteId, id }: Run, counts: CountsByClass): Promise<void> {
    await tx.purgeRun.update({ where: { siteId_id: { siteId, id } }, data: { counts } });
  },

  async complete(tx: Tx, { siteId, id }: Run, { held, ...certificate }: PurgeCertificate): Promise<void> {
    const { sequence, previousHash, hash, completedAt, counts } = certificate;
    await tx.purgeRun.update({
      where: { siteId_id: { siteId, id } },
      data: { status: 'completed', held, sequence, previousHash, hash, completedAt, counts },
    });
  },

  /** The last certificates of a site before this sequence number, newest first. */
  async certificates(
    tx: Tx,
    site: Pick<Site, 'id' | 'key'>,
    before: number | undefined,
    limit: number,
    period: Period = {},
  ) {
    const sequence = before === undefined ? { not: null } : { lt: before };
    const rows = await tx.purgeRun.findMany({
      where: { siteId: site.id, sequence, completedAt: within(period) },
      orderBy: { sequence: 'desc' },
      take: limit,
    });
    return rows.map(row => certificateOf(site, row));
  },

  /** That of one run. */
  async certificate(site: Pick<Site, 'id' | 'key'>, id: string): Promise<PurgeCertificate | undefined> {
    const row = await db.purgeRun.findFirst({ where: { siteId: site.id, id, sequence: { not: null } } });
    return row ? certificateOf(site, row) : undefined;
  },
});

function certificateOf({ key }: Pick<Site, 'key'>, row: Prisma.PurgeRunGetPayload<object>): PurgeCertificate {
  const { siteId: _, id: __, status: ___, startedAt, completedAt, ...rest } = row;
  return {
    ...rest,
    siteKey: key,
    night: row.night?.toISOString().slice(0, 10) ?? null,
    startedAt: startedAt.toISOString(),
    completedAt: completedAt?.toISOString(),
    durationMs: durationOf(startedAt, completedAt as Date),
  } as PurgeCertificate;
}

/** A clock that was set back while a purge ran makes it take no time. */
export const durationOf = (startedAt: Date, completedAt: Date): number =>
  Math.max(0, completedAt.getTime() - startedAt.getTime());

function runOf(row: Omit<Run, 'trigger' | 'night' | 'cutoffs' | 'counts'> & Record<string, unknown>): Run {
  const { siteId, id, trigger, night, cutoffs, counts, startedAt } = row;
  return { siteId, id, trigger, night: night ? dateOf(night as Date) : null, cutoffs, counts, startedAt } as Run;
}

const dateOf = (date: Date): Night => date.toISOString().slice(0, 10);
