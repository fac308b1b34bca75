import type { Db } from '../../db/database.ts';

/** So many open questions are counted, and no more: a list says the rest. */
const COUNTED_MAX = 1_000;

export type OverviewStore = ReturnType<typeof overviewStore>;

/** Every query of the overview: each by an index, and of one site. */
export const overviewStore = (db: Db) => ({
  counts: (siteId: string, since: Date) =>
    db.dayCount.findMany({ where: { siteId, day: { gte: since } }, select: { day: true, name: true, count: true } }),

  /** By days such as "2026-11-22"; months, which have shorter names, sort apart from them. */
  costs: (siteId: string, days: string[]) =>
    db.spend.findMany({ where: { siteId, period: { in: days } }, select: { period: true, micros: true } }),

  async failedDeliveries(siteId: string): Promise<Found> {
    const where = { siteId, state: 'failed', NOT: { target: { startsWith: 'event:' } } };
    const { _count, _min } = await db.delivery.aggregate({ where, _count: true, _min: { since: true } });
    return { count: _count, since: _min.since };
  },

  async overdueRequests(siteId: string, at: Date): Promise<Found> {
    const where = { siteId, status: 'processing', dueAt: { lt: at } };
    const { _count, _min } = await db.dataRequest.aggregate({ where, _count: true, _min: { dueAt: true } });
    return { count: _count, since: _min.dueAt };
  },

  /** The oldest ones, as many as are counted. */
  async unanswered(siteId: string): Promise<Found> {
    const [row] = await db.$queryRaw<Found[]>`
      SELECT count(*)::int AS "count", min("createdAt") AS "since" FROM (
        SELECT answer."createdAt" FROM "Message" answer
        JOIN "Conversation" c ON c."siteId" = answer."siteId" AND c."id" = answer."conversationId"
        WHERE answer."siteId" = ${siteId}::uuid AND answer."outcome" = 'unanswered' AND answer."handledAt" IS NULL
          AND c."restrictedAt" IS NULL
        ORDER BY answer."createdAt" LIMIT ${COUNTED_MAX}) open`;
    return row ?? { count: 0, since: null };
  },
});

export type Found = { count: number; since: Date | null };
