import type { DeliveryAttempt, WebhookEvent } from '@confab/contract';
import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';
import type { Sealed } from '../../lib/keyring.ts';

/** What an owner says of an endpoint. */
export type WrittenEndpoint = {
  url: string;
  events: WebhookEvent[];
  description: string;
  disabledReason: string | null;
};

export type StoredEndpoint = WrittenEndpoint & { id: string; createdAt: Date; endedUntil: Date | null };

export type StoredSecret = Sealed & { id: string; expiresAt: Date | null };

/** One thing that happened. */
export type NewMessage = {
  id: string;
  type: WebhookEvent | 'webhook.test';
  subjectId: string;
  lastMessageAt: Date | null;
  createdAt: Date;
};

/** How the messages of an endpoint stand. */
export type Standing = {
  target: string;
  waiting: number;
  failed: number;
  deliveredAt: Date | null;
  faultAt: Date | null;
};

/** One message to one endpoint. */
export type ToldRow = NewMessage & {
  state: 'waiting' | 'delivered' | 'failed' | 'held';
  attempts: number;
  log: DeliveryAttempt[];
  nextAt: Date | null;
  deliveredAt: Date | null;
};

/** The last message of a conversation in which nobody has written since. */
export type Ending = { conversationId: string; messageId: string; at: Date };

export type WebhookStore = ReturnType<typeof webhookStore>;

/**
 * Every query of the webhooks. What is still to be sent, and how that went, is the outbox’s: its rows are only read here,
 * and go with ours.
 */
export const webhookStore = (db: Db) => ({
  /** Two who add at once are counted one after the other. */
  async count(tx: Tx, siteId: string): Promise<number> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`webhooks ${siteId}`}, 0))`;
    return tx.webhookEndpoint.count({ where: { siteId } });
  },

  async add(tx: Tx, siteId: string, endpoint: StoredEndpoint, secret: StoredSecret): Promise<void> {
    await tx.webhookEndpoint.create({ data: { siteId, ...endpoint } });
    await tx.webhookSecret.create({ data: { siteId, endpointId: endpoint.id, ...secret } });
  },

  async change(tx: Tx, siteId: string, id: string, data: WrittenEndpoint & { endedUntil: Date | null }) {
    await tx.webhookEndpoint.updateMany({ where: { siteId, id }, data });
  },

  /** With all that was still to be sent there. False where there is no such endpoint. */
  async remove(tx: Tx, siteId: string, id: string, target: string): Promise<boolean> {
    const { count } = await tx.webhookEndpoint.deleteMany({ where: { siteId, id } });
    await tx.delivery.deleteMany({ where: { siteId, target } });
    return count > 0;
  },

  /**
   * The receiver at this address wants no more of it; the first reason counts, and an endpoint that has moved stays. What
   * ends from now on is not told of later either.
   */
  async disable(siteId: string, { id, url }: StoredEndpoint, disabledReason: string): Promise<void> {
    const where = { siteId, id, url, disabledReason: null };
    await db.webhookEndpoint.updateMany({ where, data: { disabledReason, endedUntil: null } });
  },

  async byId(siteId: string, id: string): Promise<StoredEndpoint | undefined> {
    const row = await db.webhookEndpoint.findUnique({ where: { siteId_id: { siteId, id } } });
    return (row as StoredEndpoint | null) ?? undefined;
  },

  /** The endpoint, and nobody else changes it until `tx` ends. */
  async lock(tx: Tx, siteId: string, id: string): Promise<StoredEndpoint | undefined> {
    await tx.$queryRaw`
      SELECT 1 FROM "WebhookEndpoint" WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid FOR UPDATE`;
    const row = await tx.webhookEndpoint.findUnique({ where: { siteId_id: { siteId, id } } });
    return (row as StoredEndpoint | null) ?? undefined;
  },

  /** Newest first. */
  list: async (siteId: string, before: Place | undefined, limit: number) =>
    (await db.webhookEndpoint.findMany({
      where: { siteId, ...olderThan(before) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    })) as StoredEndpoint[],

  /** Of every endpoint of the site, also of those that are disabled. */
  idsOf: async (siteId: string) =>
    (await db.webhookEndpoint.findMany({ where: { siteId }, select: { id: true } })).map(({ id }) => id),

  /** Those that are told of this; they stay until `tx` ends. */
  chosen: (tx: Tx, siteId: string, event: WebhookEvent) => tx.$queryRaw<{ id: string; endedUntil: Date | null }[]>`
    SELECT "id"::text AS "id", "endedUntil" FROM "WebhookEndpoint"
    WHERE "siteId" = ${siteId}::uuid AND "disabledReason" IS NULL AND ${event} = ANY("events")
    ORDER BY "id" FOR UPDATE`,

  /** The sites that have somebody told of this. */
  async sitesWith(event: WebhookEvent): Promise<string[]> {
    const rows = await db.webhookEndpoint.findMany({
      where: { disabledReason: null, events: { has: event } },
      distinct: ['siteId'],
      select: { siteId: true },
    });
    return rows.map(({ siteId }) => siteId);
  },

  async setEndedUntil(tx: Tx, siteId: string, ids: string[], endedUntil: Date): Promise<void> {
    const where = { siteId, id: { in: ids }, endedUntil: { lt: endedUntil } };
    await tx.webhookEndpoint.updateMany({ where, data: { endedUntil } });
  },

  /** Those that are valid, the newest first. */
  secrets: (tx: Tx, siteId: string, endpointIds: string[], at: Date) =>
    tx.webhookSecret.findMany({
      where: { siteId, endpointId: { in: endpointIds }, OR: [{ expiresAt: null }, { expiresAt: { gt: at } }] },
      orderBy: { id: 'desc' },
    }),

  /** The one that signs until now goes on for a while; one that was going already goes. */
  async rotate(tx: Tx, siteId: string, endpointId: string, secret: StoredSecret, oldUntil: Date): Promise<void> {
    await tx.webhookSecret.deleteMany({ where: { siteId, endpointId, expiresAt: { not: null } } });
    await tx.webhookSecret.updateMany({ where: { siteId, endpointId }, data: { expiresAt: oldUntil } });
    await tx.webhookSecret.create({ data: { siteId, endpointId, ...secret } });
  },

  async forgetExpiredSecrets(at: Date): Promise<void> {
    await db.webhookSecret.deleteMany({ where: { expiresAt: { lte: at } } });
  },

  /** False where it is known already. Who adds the same at once waits here for the end of the other's transaction. */
  async addMessage(tx: Tx, siteId: string, message: NewMessage): Promise<boolean> {
    const { id, type, subjectId, lastMessageAt, createdAt } = message;
    const added = await tx.$executeRaw`
      INSERT INTO "WebhookMessage" ("siteId", "id", "type", "subjectId", "lastMessageAt", "createdAt")
      VALUES (${siteId}::uuid, ${id}::uuid, ${type}, ${subjectId}::uuid, ${lastMessageAt}::timestamptz,
        ${createdAt}::timestamptz)
      ON CONFLICT DO NOTHING`;
    return added > 0;
  },

  async message(siteId: string, id: string): Promise<NewMessage | undefined> {
    const row = await db.webhookMessage.findUnique({ where: { siteId_id: { siteId, id } } });
    return (row as NewMessage | null) ?? undefined;
  },

  /** What one endpoint was told or is still to be told of, newest first. */
  told: (siteId: string, target: string, before: Place | undefined, limit: number) => db.$queryRaw<ToldRow[]>`
    SELECT message."id"::text AS "id", message."type", message."subjectId"::text AS "subjectId",
      message."lastMessageAt", message."createdAt", delivery."state", delivery."attempts", delivery."log",
      delivery."nextAt", delivery."deliveredAt"
    FROM "Delivery" delivery
    JOIN "WebhookMessage" message ON message."siteId" = delivery."siteId" AND message."id" = delivery."subjectId"
    WHERE delivery."siteId" = ${siteId}::uuid AND delivery."target" = ${target} ${
      before
        ? Prisma.sql`AND (message."createdAt", message."id") < (${before.at}::timestamptz, ${before.id}::uuid)`
        : Prisma.empty
    }
    ORDER BY message."createdAt" DESC, message."id" DESC LIMIT ${limit}`,

  standing: (siteId: string, targets: string[]) => db.$queryRaw<Standing[]>`
    SELECT "target", (count(*) FILTER (WHERE "state" = 'waiting'))::int AS "waiting",
      (count(*) FILTER (WHERE "state" = 'failed'))::int AS "failed", max("deliveredAt") AS "deliveredAt",
      max(("log"->-1->>'at')::timestamptz) FILTER (WHERE "log"->-1->>'outcome' <> 'delivered') AS "faultAt"
    FROM "Delivery" WHERE "siteId" = ${siteId}::uuid AND "target" = ANY(${targets}) GROUP BY "target"`,

  /**
   * The conversations whose last message is of this time, oldest first: about `limit` of them, and all that ended in the
   * same moment as the last one.
   */
  endings: (tx: Tx, siteId: string, after: Date, until: Date, limit: number) => tx.$queryRaw<Ending[]>`
    SELECT "conversationId"::text AS "conversationId", "id"::text AS "messageId", "createdAt" AS "at"
    FROM "Message" message
    WHERE "siteId" = ${siteId}::uuid AND "createdAt" > ${after}::timestamptz AND "createdAt" <= ${until}::timestamptz
      AND NOT EXISTS (
        SELECT FROM "Message" later
        WHERE later."siteId" = message."siteId" AND later."conversationId" = message."conversationId"
          AND (later."createdAt", later."id") > (message."createdAt", message."id"))
    ORDER BY "createdAt" FETCH FIRST (${limit}::int) ROWS WITH TIES`,

  /** Takes up to `limit` messages away that are older than this, with what the outbox knows of them; gives how many. */
  async forgetBefore(cutoff: Date, limit: number): Promise<number> {
    const [row] = await db.$queryRaw<{ count: number }[]>`
      WITH "old" AS (
        DELETE FROM "WebhookMessage" WHERE ("siteId", "id") IN (
          SELECT "siteId", "id" FROM "WebhookMessage" WHERE "createdAt" < ${cutoff}::timestamptz LIMIT ${limit})
        RETURNING "siteId", "id"
      ), "deliveries" AS (
        DELETE FROM "Delivery" USING "old"
        WHERE "Delivery"."siteId" = "old"."siteId" AND "Delivery"."subjectId" = "old"."id"
      )
      SELECT count(*)::int AS "count" FROM "old"`;
    return row?.count ?? 0;
  },
});
