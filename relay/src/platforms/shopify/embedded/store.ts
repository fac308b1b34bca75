import type { Db } from '../../../db/database.ts';

export type FigureStore = ReturnType<typeof figureStore>;

/** What the pages count beside the lists that the features give; every query is of one site. */
export const figureStore = (db: Db) => ({
  /** How many documents there are of each kind that Shopify knows: `{ Product: 12 }`. */
  async documents(siteId: string): Promise<Record<string, number>> {
    const rows = await db.$queryRaw<{ kind: string | null; count: number }[]>`
      SELECT substring("externalId" FROM '^gid://shopify/([A-Za-z]+)/') AS "kind", count(*)::int AS "count"
      FROM "Document" WHERE "siteId" = ${siteId}::uuid GROUP BY 1`;
    return Object.fromEntries(rows.map(({ kind, count }) => [kind ?? 'other', count]));
  },

  /** Whether an answer was ever given. */
  hasAnswered: async (siteId: string): Promise<boolean> =>
    (await db.usage.count({ where: { siteId, answers: { gt: 0 } } })) > 0,

  leadsSince: (siteId: string, since: Date): Promise<number> =>
    db.lead.count({ where: { siteId, createdAt: { gte: since } } }),

  /** Leads that Shopify did not take (yet). */
  undeliveredLeads: (siteId: string): Promise<number> =>
    db.delivery.count({
      where: {
        siteId,
        target: 'shopify',
        operation: 'deliver',
        state: { in: ['waiting', 'failed'] },
        attempts: { gt: 0 },
        deliveredAt: null,
      },
    }),

  /** The number of the customer that each of these leads became. */
  async customersOf(siteId: string, leadIds: string[]): Promise<Map<string, string>> {
    const rows = await db.lead.findMany({
      where: { siteId, id: { in: leadIds }, externalId: { not: null }, restrictedAt: null },
      select: { id: true, externalId: true },
    });
    return new Map(rows.map(({ id, externalId }) => [id, externalId as string]));
  },

  overdueRequests: (siteId: string, now: Date): Promise<number> =>
    db.dataRequest.count({ where: { siteId, status: { not: 'completed' }, dueAt: { lt: now } } }),
});
