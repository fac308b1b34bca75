import { type Db, Prisma } from '../../db/database.ts';
import { allOf, FEW, fewIds } from '../../db/few.ts';
import { wordsQuery } from '../../db/words.ts';
import type { DeliveryState } from '../../jobs/outbox-store.ts';
import type { Period, Place } from '../../lib/cursor.ts';
import type { LeadRow } from './store.ts';

/** Which leads of a site are listed; what is not given does not matter. */
export type LeadFilters = Period & {
  /** Words of the name, the address and the number, the last one perhaps not whole. Restricted ones are never found so. */
  q?: string | undefined;
  kind?: string | undefined;
  /** How one of its deliveries stands. */
  delivery?: DeliveryState | undefined;
};

/** The leads of a site behind a place, newest first. */
export async function listLeads(
  db: Db,
  siteId: string,
  { q, kind, delivery, from, to }: LeadFilters,
  after: Place | undefined,
  limit: number,
): Promise<LeadRow[]> {
  const words = q === undefined ? undefined : leadQuery(siteId, q);
  if (q !== undefined && words === undefined) return [];
  const few = await fewOf();
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT l."id"::text AS "id" FROM "Lead" l WHERE l."siteId" = ${siteId}::uuid AND ${allOf([
      after && Prisma.sql`(l."createdAt", l."id") < (${after.at}::timestamptz, ${after.id}::uuid)`,
      few && Prisma.sql`l."id" = ANY (${few}::uuid[])`,
      from === undefined ? undefined : Prisma.sql`l."createdAt" >= ${new Date(from)}::timestamptz`,
      to === undefined ? undefined : Prisma.sql`l."createdAt" < ${new Date(to)}::timestamptz`,
      kind === undefined ? undefined : Prisma.sql`l."kind" = ${kind}`,
      delivery === undefined
        ? undefined
        : Prisma.sql`(SELECT TRUE FROM "Delivery" d WHERE d."siteId" = l."siteId" AND d."subjectId" = l."id"
            AND coalesce(d."state", '') = ${delivery} AND d."target" NOT LIKE 'event:%' LIMIT 1)`,
      words === undefined
        ? undefined
        : Prisma.sql`l."restrictedAt" IS NULL AND ts_match_vq(l."words", ${words}::tsquery)`,
    ])}
    ORDER BY l."createdAt" DESC, l."id" DESC LIMIT ${limit}`;
  const ids = rows.map(({ id }) => id);
  const leads = await db.lead.findMany({
    where: { siteId, id: { in: ids } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  });
  return leads as LeadRow[];

  async function fewOf(): Promise<string[] | undefined> {
    if (words !== undefined) {
      return fewIds(
        db,
        Prisma.sql`SELECT "id" FROM (
          SELECT "siteId", "id" FROM "Lead" WHERE "words" @@ (SELECT ${words}::tsquery) OFFSET 0) found
          WHERE "siteId" = ${siteId}::uuid`,
      );
    }
    if (delivery === undefined) return undefined;
    return fewIds(
      db,
      Prisma.sql`SELECT "subjectId" AS "id" FROM "Delivery"
        WHERE "siteId" = ${siteId}::uuid AND "state" = ${delivery} AND "target" NOT LIKE 'event:%'
        ORDER BY "since" DESC LIMIT ${FEW + 1}`,
    );
  }
}

/** A number is also found by its digits alone, however it is written. */
function leadQuery(siteId: string, q: string): string | undefined {
  const asWritten = wordsQuery(siteId, q);
  const digits = /^[\d\s()+./-]{4,}$/.test(q) ? wordsQuery(siteId, q.replace(/\D/g, '')) : undefined;
  return asWritten && digits ? `(${asWritten}) | (${digits})` : asWritten;
}
