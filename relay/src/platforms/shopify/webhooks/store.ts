import { type Db, Prisma, type Tx } from '../../../db/database.ts';
import type { Counts } from '../../../features/privacy/index.ts';
import type { Sealed } from '../../../lib/keyring.ts';
import { COMPLIANCE_TOPICS, type Topic } from './payload.ts';

/** Which webhook: duplicates of one event have the same. */
export type WebhookKey = { domain: string; topic: Topic; eventId: string };

/** The receipt of one that needs no more work. */
export type Done = {
  state: 'done';
  /** What came of it, in a word. */
  result: 'done' | 'out_of_date' | 'not_installed' | 'installed_again' | 'unknown_shop';
  /** Of what was found or erased, by kind. */
  counts?: Counts;
  /** What a legal hold kept, by kind. */
  retained?: Counts;
  /** Which contact details of the payload are none, by their names. */
  unreadable?: string[];
};

/** Where a webhook stands; nothing has been done yet where there is none. `tryAt`: when somebody may take it (again). */
export type Outcome =
  | Done
  | { state: 'working'; tryAt: string }
  | { state: 'waiting'; tryAt: string; fault: string }
  | { state: 'failed'; fault: string };

export type WebhookRow = WebhookKey & {
  keyId: string | null;
  ciphertext: Uint8Array<ArrayBuffer> | null;
  triggeredAt: Date | null;
  receivedAt: Date;
  attempts: number;
  processedAt: Date | null;
  outcome: Outcome | null;
};

/** How many webhooks of a topic are tried again, or, where they are lost, never will be. */
export type Failing = { topic: Topic; isLost: boolean; count: number };

export type NewWebhook = WebhookKey & {
  sealed: Sealed | undefined;
  triggeredAt: Date | null;
  receivedAt: Date;
  /** Where nothing is to be done. */
  outcome?: Done;
};

export type WebhookStore = ReturnType<typeof webhookStore>;

/** Every query of the webhooks. A row is somebody's to work on from `claim` on, until it is settled or `tryAt` comes. */
export const webhookStore = (db: Db) => ({
  /** Keeps those that are not there yet. */
  async add(webhooks: NewWebhook[]): Promise<void> {
    const given = webhooks.map(({ sealed, outcome, ...row }) => ({
      ...row,
      keyId: sealed?.keyId,
      ciphertext: sealed && Buffer.from(sealed.ciphertext).toString('base64'),
      ...(outcome && { outcome, processedAt: row.receivedAt }),
    }));
    // As one value: a storm's thousands of parameters would cost the embedded database seconds.
    await db.$executeRaw`
      INSERT INTO "ShopifyWebhook" ("domain", "topic", "eventId", "keyId", "ciphertext", "triggeredAt", "receivedAt",
        "processedAt", "outcome")
      SELECT "domain", "topic", "eventId", "keyId", decode("ciphertext", 'base64'), "triggeredAt", "receivedAt",
        "processedAt", "outcome"
      FROM jsonb_to_recordset(${JSON.stringify(given)}::jsonb) AS given ("domain" text, "topic" text, "eventId" text,
        "keyId" text, "ciphertext" text, "triggeredAt" timestamptz, "receivedAt" timestamptz, "processedAt" timestamptz,
        "outcome" jsonb)
      ON CONFLICT DO NOTHING`;
  },

  /** Takes the oldest webhooks of a shop that are due; nobody else gets them before `until`. */
  async claim(domain: string, now: Date, until: Date, limit: number): Promise<WebhookRow[]> {
    const working: Outcome = { state: 'working', tryAt: until.toISOString() };
    const rows = await db.$queryRaw<WebhookRow[]>`
      UPDATE "ShopifyWebhook" webhook SET "attempts" = "attempts" + 1, "outcome" = ${JSON.stringify(working)}::jsonb
      WHERE ("domain", "topic", "eventId") IN (
        SELECT "domain", "topic", "eventId" FROM "ShopifyWebhook" WHERE "domain" = ${domain} AND ${isDue(now)}
        ORDER BY "receivedAt", "eventId" LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING "domain", "topic", "eventId", "keyId", "ciphertext", "triggeredAt", "receivedAt", "attempts",
        "processedAt", "outcome"`;
    return rows.sort((a, b) => +triggerOf(a) - +triggerOf(b));
  },

  /** The shops with webhooks that are due. */
  async due(now: Date, limit: number): Promise<string[]> {
    const rows = await db.$queryRaw<{ domain: string }[]>`
      SELECT DISTINCT "domain" FROM "ShopifyWebhook" WHERE ${isDue(now)} LIMIT ${limit}`;
    return rows.map(({ domain }) => domain);
  },

  /** Their work is done: what was kept for it goes, unless it is needed on. Whoever says so first is right. */
  async complete(
    keys: WebhookKey[],
    outcome: Done,
    at: Date,
    { keepSealed, tx = db }: { keepSealed?: boolean | undefined; tx?: Tx } = {},
  ): Promise<void> {
    const data = { outcome, processedAt: at, ...(!keepSealed && UNSEALED) };
    await tx.shopifyWebhook.updateMany({ where: { OR: keys.map(keyOf), processedAt: null }, data });
  },

  /** It is left for later, or for good. */
  async putOff(key: WebhookKey, outcome: Exclude<Outcome, Done>): Promise<void> {
    await db.shopifyWebhook.updateMany({ where: { ...keyOf(key), processedAt: null }, data: { outcome } });
  },

  /** Gives back what was claimed and not worked on. */
  async release(keys: WebhookKey[]): Promise<void> {
    const data = { outcome: Prisma.DbNull, attempts: { decrement: 1 } };
    await db.shopifyWebhook.updateMany({ where: { OR: keys.map(keyOf), processedAt: null }, data });
  },

  /** Whether the shop has told something of this topic that is newer. */
  async hasNewer({ domain, topic }: WebhookKey, than: Date): Promise<boolean> {
    const row = await db.shopifyWebhook.findFirst({
      where: { domain, topic, triggeredAt: { gt: than } },
      select: { eventId: true },
    });
    return row !== null;
  },

  find: async (key: WebhookKey): Promise<WebhookRow | undefined> =>
    ((await db.shopifyWebhook.findUnique({ where: { domain_topic_eventId: keyOf(key) } })) as WebhookRow | null) ??
    undefined,

  /** Of one topic, newest first. */
  async list(domain: string, topic: Topic, limit: number): Promise<WebhookRow[]> {
    const where = { domain, topic };
    const rows = await db.shopifyWebhook.findMany({ where, orderBy: { receivedAt: 'desc' }, take: limit });
    return rows as WebhookRow[];
  },

  /** Of one topic, those that still say whom they are about. */
  async sealed(domain: string, topic: Topic): Promise<WebhookRow[]> {
    const rows = await db.shopifyWebhook.findMany({ where: { domain, topic, ciphertext: { not: null } } });
    return rows as WebhookRow[];
  },

  /**
   * What could not be done so far, or at all. Not what waits for the end of a legal hold, nor a change of the catalogue
   * from before `readAt`, when the whole catalogue was read.
   */
  failing: (domain: string, readAt: Date): Promise<Failing[]> => db.$queryRaw`
    SELECT "topic", "outcome"->>'state' = 'failed' AS "isLost", count(*)::int AS "count"
    FROM "ShopifyWebhook"
    WHERE "domain" = ${domain} AND "processedAt" IS NULL AND "outcome"->>'state' IN ('waiting', 'failed')
      AND "outcome"->>'fault' IS DISTINCT FROM 'legal_hold'
      AND NOT ("topic" ~ '^(products|collections|bulk_operations)/' AND "receivedAt" < ${readAt}::timestamptz)
    GROUP BY 1, 2 ORDER BY 1, 2`,

  /** Forgets whom these were about. */
  async unseal(tx: Tx, where: { domain: string } | WebhookKey): Promise<void> {
    await tx.shopifyWebhook.updateMany({ where: 'topic' in where ? keyOf(where) : where, data: UNSEALED });
  },

  /**
   * Forgets what is past its time: of the compliance topics first whom they were about (`sealedBefore`), and the receipts
   * after years; everything else at once. One that was not done by then never will be.
   */
  async prune({ sealedBefore, receiptsBefore }: { sealedBefore: Date; receiptsBefore: Date }): Promise<number> {
    const topics = [...COMPLIANCE_TOPICS];
    const ordinary = await db.shopifyWebhook.deleteMany({
      where: { topic: { notIn: topics }, receivedAt: { lt: sealedBefore } },
    });
    const receipts = await db.shopifyWebhook.deleteMany({
      where: {
        topic: { in: topics },
        receivedAt: { lt: receiptsBefore },
        // What waits for the end of a legal hold stays.
        OR: [{ processedAt: { not: null } }, { outcome: { path: ['state'], equals: 'failed' } }],
      },
    });
    const tooLate: Outcome = { state: 'failed', fault: 'too_late' };
    const old = { topic: { in: topics }, receivedAt: { lt: sealedBefore }, ciphertext: { not: null } };
    await db.shopifyWebhook.updateMany({ where: { ...old, processedAt: null }, data: { outcome: tooLate } });
    const unsealed = await db.shopifyWebhook.updateMany({ where: old, data: UNSEALED });
    return ordinary.count + receipts.count + unsealed.count;
  },
});

/** When it happened, as far as we know. */
export const triggerOf = ({ triggeredAt, receivedAt }: Pick<WebhookRow, 'triggeredAt' | 'receivedAt'>): Date =>
  triggeredAt ?? receivedAt;

/** Whether it may be the id of an event; no other is kept. */
export const isEventId = (text: string): boolean => /^[\w.:#/-]{1,100}$/.test(text);

const UNSEALED = { keyId: null, ciphertext: null };

const keyOf = ({ domain, topic, eventId }: WebhookKey): WebhookKey => ({ domain, topic, eventId });

/** What has failed for good has no `tryAt`, and is never due. */
const isDue = (now: Date): Prisma.Sql => Prisma.sql`
  "processedAt" IS NULL AND ("outcome" IS NULL OR ("outcome"->>'tryAt')::timestamptz <= ${now}::timestamptz)`;
