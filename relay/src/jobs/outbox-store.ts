import type { DeliveryAttempt } from '@confab/contract';
import { type Db, Prisma, type Tx } from '../db/database.ts';
import { type Period, within } from '../lib/cursor.ts';

type Key = { siteId: string; target: string; subjectId: string };

export type DeliveryState = 'waiting' | 'delivered' | 'failed' | 'held';

/** One row that this process works on until the claim ends. */
export type ClaimedDelivery = Key & {
  operation: 'deliver' | 'erase';
  revision: number;
  attempts: number;
  log: DeliveryAttempt[];
  externalId: string | null;
  since: Date;
  claim: string;
};

/** How a row stands, for those who look at it. */
export type DeliveryRow = Prisma.DeliveryGetPayload<object>;

type End = {
  state: DeliveryState;
  attempts?: number;
  log: DeliveryAttempt[];
  externalId?: string | null;
  deliveredAt?: Date;
  nextAt: Date | null;
};

/** So many due ones are looked at for some to take; one receiver with more must not hide the others for long. */
const LOOKED_AT = 500;

/** Every query of the outbox. */
export const outboxStore = (db: Db) => ({
  /** Raw, since Prisma's upsert reads first: two who add the same at once would fail. */
  async add(tx: Tx, { siteId, target, subjectId }: Key, at: Date): Promise<void> {
    await tx.$executeRaw`
      INSERT INTO "Delivery" ("siteId", "target", "subjectId", "since", "nextAt")
      VALUES (${siteId}::uuid, ${target}, ${subjectId}::uuid, ${at}, ${at})
      ON CONFLICT ("siteId", "target", "subjectId") DO UPDATE SET
        "revision" = "Delivery"."revision" + 1, "operation" = 'deliver', "state" = 'waiting', "nextAt" = ${at},
        "since" = ${at}, "alertedAt" = NULL`;
  },

  /** For the row of `"conversation"`, which is new: nobody else has added the same. */
  emission: (siteId: string, target: string, at: Date) => Prisma.sql`
    INSERT INTO "Delivery" ("siteId", "target", "subjectId", "since", "nextAt")
    SELECT ${siteId}::uuid, ${target}, "conversation"."id", ${at}::timestamptz, ${at}::timestamptz FROM "conversation"`,

  async changed(tx: Tx, siteId: string, subjectIds: string[], at: Date): Promise<void> {
    await tx.delivery.updateMany({
      where: { siteId, subjectId: { in: subjectIds }, operation: 'deliver', ...isThing },
      data: { revision: { increment: 1 }, state: 'waiting', since: at, nextAt: at, alertedAt: null },
    });
  },

  async erased(tx: Tx, siteId: string, subjectIds: string[], at: Date): Promise<void> {
    const where = { siteId, subjectId: { in: subjectIds } };
    // Who was never tried to be given it, and is not being given it now, cannot have it.
    await tx.delivery.deleteMany({ where: { ...where, attempts: 0, claim: null } });
    await tx.delivery.updateMany({
      where,
      data: {
        operation: 'erase',
        revision: { increment: 1 },
        state: 'waiting',
        since: at,
        nextAt: at,
        alertedAt: null,
      },
    });
  },

  async forget(tx: Tx, siteId: string, subjectIds: string[]): Promise<void> {
    await tx.delivery.deleteMany({ where: { siteId, subjectId: { in: subjectIds }, operation: 'deliver' } });
  },

  async again(
    tx: Tx,
    siteId: string,
    {
      target,
      subjectId,
      states = ['waiting', 'failed'],
    }: { target?: string; subjectId?: string; states?: DeliveryState[] },
    at: Date,
  ): Promise<number> {
    const { count } = await tx.delivery.updateMany({
      where: { siteId, state: { in: states }, ...(target && { target }), ...(subjectId && { subjectId }), ...isThing },
      data: { state: 'waiting', since: at, nextAt: at, alertedAt: null },
    });
    return count;
  },

  /** By subject. */
  async of(siteId: string, subjectIds: string[]): Promise<Map<string, DeliveryRow[]>> {
    const rows = await db.delivery.findMany({
      where: { siteId, subjectId: { in: subjectIds }, ...isThing },
      orderBy: [{ target: 'asc' }],
    });
    return Map.groupBy(rows, ({ subjectId }) => subjectId) as Map<string, DeliveryRow[]>;
  },

  list: (
    siteId: string,
    {
      states,
      targets,
      since = {},
      after,
      limit,
    }: { states: DeliveryState[]; targets?: string[]; since?: Period; after?: Place; limit: number },
  ) =>
    db.delivery.findMany({
      where: {
        siteId,
        state: { in: states },
        ...(targets && { target: { in: targets } }),
        since: within(since),
        AND: [isThing, after ? isAfter(after) : {}],
      },
      orderBy: [{ since: 'asc' }, { target: 'asc' }, { subjectId: 'asc' }],
      take: limit,
    }),

  /**
   * By site and target: how many have failed, or wait since before `since`, of which nobody was told before. From now on
   * somebody was; call it in the transaction that tells.
   */
  takeOverdue: (tx: Tx, since: Date, at: Date) => tx.$queryRaw<{ siteId: string; target: string; count: number }[]>`
    WITH told AS (
      UPDATE "Delivery" SET "alertedAt" = ${at}
      WHERE "alertedAt" IS NULL AND "target" NOT LIKE 'event:%'
        AND ("state" = 'failed' OR ("state" = 'waiting' AND "since" < ${since}))
      RETURNING "siteId", "target")
    SELECT "siteId"::text AS "siteId", "target", count(*)::int AS "count" FROM told GROUP BY 1, 2 ORDER BY 1, 2`,

  /** Which targets of a site have not taken something at all, or not since `since`. */
  async troubled(siteId: string, since: Date): Promise<string[]> {
    const rows = await db.$queryRaw<{ target: string }[]>`
      SELECT DISTINCT "target" FROM "Delivery" WHERE "siteId" = ${siteId}::uuid AND "target" NOT LIKE 'event:%'
        AND ("state" = 'failed' OR ("state" = 'waiting' AND "since" < ${since}))`;
    return rows.map(({ target }) => target);
  },

  counts: () => db.$queryRaw<{ state: string; count: number; since: Date }[]>`
    SELECT "state", count(*)::int AS "count", min("since") AS "since" FROM "Delivery"
    WHERE "state" IN ('waiting', 'failed') GROUP BY "state"`,

  /**
   * Takes what is due and nobody works on: at most `limit`, of one receiver at most `perReceiver`, and nothing of those
   * that are `busy` ("{siteId} {target}"). Who worked on it before and never said how that ended may have handed it over:
   * so it was tried.
   */
  claim: (
    claim: { id: string; until: Date },
    at: Date,
    { limit, perReceiver, busy }: { limit: number; perReceiver: number; busy: string[] },
  ) => db.$queryRaw<ClaimedDelivery[]>`
    WITH due AS (
      SELECT "siteId", "target", "subjectId", "nextAt" FROM "Delivery"
      WHERE "nextAt" <= ${at} AND ("claimedUntil" IS NULL OR "claimedUntil" <= ${at})
        AND NOT (concat("siteId", ' ', "target") = ANY(${busy}))
      ORDER BY "nextAt" LIMIT ${LOOKED_AT}),
    placed AS (
      SELECT *, row_number() OVER (PARTITION BY "siteId", "target" ORDER BY "nextAt") AS "place" FROM due),
    taken AS (
      SELECT d."siteId", d."target", d."subjectId" FROM "Delivery" d
      JOIN placed ON placed."siteId" = d."siteId" AND placed."target" = d."target" AND placed."subjectId" = d."subjectId"
      WHERE placed."place" <= ${perReceiver} AND d."nextAt" <= ${at}
        AND (d."claimedUntil" IS NULL OR d."claimedUntil" <= ${at})
      ORDER BY d."nextAt" LIMIT ${limit} FOR UPDATE OF d SKIP LOCKED)
    UPDATE "Delivery" d SET "claim" = ${claim.id}::uuid, "claimedUntil" = ${claim.until},
      "attempts" = d."attempts" + (d."claim" IS NOT NULL)::int
    FROM taken WHERE d."siteId" = taken."siteId" AND d."target" = taken."target" AND d."subjectId" = taken."subjectId"
    RETURNING d."siteId"::text AS "siteId", d."target", d."subjectId"::text AS "subjectId", d."operation", d."revision",
      d."attempts", d."log", d."externalId", d."since", d."claim"::text AS "claim"`,

  /** Puts it back untried. */
  async postpone({ siteId, target, subjectId, claim }: ClaimedDelivery, nextAt: Date): Promise<void> {
    await db.delivery.updateMany({
      where: { siteId, target, subjectId, claim },
      data: { nextAt, claim: null, claimedUntil: null },
    });
  },

  /**
   * Who lost the claim meanwhile changes nothing. Where the subject changed meanwhile, it is handed over again at once; and
   * so it is where somebody asked for another try and this one did not do it, be it for credentials that are new by now.
   */
  async finish(
    { siteId, target, subjectId, claim, revision, since }: ClaimedDelivery,
    end: End,
    at: Date,
  ): Promise<void> {
    const free = { claim: null, claimedUntil: null };
    const where = { siteId, target, subjectId, claim };
    const data = { ...end, log: end.log as Prisma.InputJsonValue, ...free };
    const unchanged = { revision, ...(end.state !== 'delivered' && { since }) };
    const { count } = await db.delivery.updateMany({ where: { ...where, ...unchanged }, data });
    if (count > 0) return;
    const { state: _, nextAt: __, ...rest } = data;
    await db.delivery.updateMany({ where, data: { ...rest, nextAt: at } });
  },

  /** The same for one that is over: the row goes, unless the subject changed meanwhile. */
  async remove({ siteId, target, subjectId, claim, revision }: ClaimedDelivery): Promise<void> {
    const where = { siteId, target, subjectId, claim };
    const { count } = await db.delivery.deleteMany({ where: { ...where, revision } });
    if (count === 0) await db.delivery.updateMany({ where, data: { claim: null, claimedUntil: null } });
  },
});

/** Where a page of the list ended. */
export type Place = { since: Date; target: string; subjectId: string };

const isThing: Prisma.DeliveryWhereInput = { NOT: { target: { startsWith: 'event:' } } };

const isAfter = ({ since, target, subjectId }: Place): Prisma.DeliveryWhereInput => ({
  since: { gte: since },
  OR: [{ since: { gt: since } }, { since, target: { gt: target } }, { since, target, subjectId: { gt: subjectId } }],
});
