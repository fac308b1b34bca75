import type { AnswerOutcome, Citation, FinishReason, KeptPassage, MessageStatus, ProductCard } from '@confab/contract';
import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';
import type { Prechat, PrechatContent } from './prechat.ts';
import type { FinishedAnswer } from './transcript.ts';

/** The two messages that a turn writes when it begins. */
export type NewTurn = {
  turnId: string;
  clientTurnId: string;
  visitorMessageId: string;
  assistantMessageId: string;
  text: string;
  createdAt: Date;
};

export type NewConversation = {
  id: string;
  handleHash: string;
  locale: string | null;
  pageUrl: string;
  pageTitle: string | null;
  referrer: string | null;
  prechat: Prechat | null;
  /** The platform's id of the customer whom the visitor proved to be. */
  externalId: string | null;
};

export type StoredMessage = {
  id: string;
  turnId: string;
  role: 'visitor' | 'assistant' | 'agent';
  text: string;
  citations: Citation[];
  products: ProductCard[] | null;
  status: MessageStatus;
  provider: string | null;
  model: string | null;
  finishReason: FinishReason | null;
  outcome: AnswerOutcome | null;
  passages: KeptPassage[] | null;
  costMicros: number | null;
  createdAt: Date;
};

export type Unanswered = {
  /** Of the answer. */
  id: string;
  conversationId: string;
  question: string;
  locale: string | null;
  createdAt: Date;
};

/** A conversation up to one of its messages. */
export type End = {
  createdAt: Date;
  locale: string | null;
  pageUrl: string;
  restrictedAt: Date | null;
  messages: number;
  answered: number;
  askedBack: number;
  unanswered: number;
};

/** `isNew` is false where this turn has been asked before; `externalId` is the customer's whom the conversation is of. */
export type OpenedTurn = { conversationId: string; isNew: boolean; isRestricted: boolean; externalId: string | null };

export type ConversationStore = ReturnType<typeof conversationStore>;

/** Every query of the conversations. */
export const conversationStore = (db: Db) => ({
  /**
   * Spends the consent token (`spending`, a statement that returns its `"sequence"` and `"subjectKey"`), makes the
   * conversation and writes its first turn: all in one statement, or nothing where the token is not valid. `also` is one
   * more part of it, which may read the row of `"conversation"`.
   */
  async begin(
    siteId: string,
    conversation: NewConversation,
    spending: Prisma.Sql,
    turn: NewTurn,
    also: Prisma.Sql | undefined,
  ): Promise<OpenedTurn | undefined> {
    const rows = await db.$queryRaw<{ conversationId: string }[]>`
      WITH "spent" AS (${spending}), "conversation" AS (
        INSERT INTO "Conversation" ("siteId", "id", "handleHash", "consentSequence", "subjectKey", "locale", "pageUrl",
          "pageTitle", "referrer", "prechat", "externalId", "createdAt")
        SELECT ${siteId}::uuid, ${conversation.id}::uuid, ${conversation.handleHash}, "sequence", "subjectKey",
          ${conversation.locale}, ${conversation.pageUrl}, ${conversation.pageTitle}, ${conversation.referrer},
          ${conversation.prechat && JSON.stringify(conversation.prechat)}::jsonb, ${conversation.externalId},
          ${turn.createdAt}::timestamptz
        FROM "spent" RETURNING "id"
      ), "messages" AS (${insertTurn(siteId, turn)})${also ? Prisma.sql`, "also" AS (${also})` : Prisma.empty}
      SELECT "id"::text AS "conversationId" FROM "conversation"`;
    const { externalId } = conversation;
    return rows[0] && { conversationId: rows[0].conversationId, isNew: true, isRestricted: false, externalId };
  },

  /**
   * Writes a further turn, and whose conversation it is where a customer is proven who is the first. Gives nothing where
   * the conversation is not there, also when it is just going.
   */
  async continue(
    siteId: string,
    handleHash: string,
    turn: NewTurn,
    customerId: string | undefined,
  ): Promise<OpenedTurn | undefined> {
    const which = Prisma.sql`"siteId" = ${siteId}::uuid AND "handleHash" = ${handleHash}`;
    const columns = Prisma.sql`"id", "restrictedAt", "externalId"`;
    const conversation =
      customerId === undefined
        ? Prisma.sql`SELECT ${columns} FROM "Conversation" WHERE ${which} FOR KEY SHARE`
        : Prisma.sql`
          UPDATE "Conversation" SET "externalId" = coalesce("externalId", ${customerId}) WHERE ${which}
          RETURNING ${columns}`;
    const rows = await db.$queryRaw<OpenedTurn[]>`
      WITH "conversation" AS (${conversation}), "messages" AS (
        ${insertTurn(siteId, turn)} ON CONFLICT ("siteId", "conversationId", "clientTurnId", "role") DO NOTHING
        RETURNING "id"
      )
      SELECT "id"::text AS "conversationId", EXISTS (SELECT FROM "messages") AS "isNew",
        "restrictedAt" IS NOT NULL AS "isRestricted", "externalId" FROM "conversation"`;
    return rows[0];
  },

  /** Ends the answer of a turn. False where it was erased meanwhile: it does not come back. */
  async finish(siteId: string, conversationId: string, messageId: string, answer: FinishedAnswer): Promise<boolean> {
    const [products, passages] = [answer.products, answer.passages].map(all =>
      all.length > 0 ? JSON.stringify(all) : null,
    );
    const changed = await db.$executeRaw`
      UPDATE "Message" SET "text" = ${answer.text}, "citations" = ${JSON.stringify(answer.citations)}::jsonb,
        "products" = ${products}::jsonb, "status" = ${answer.status}, "provider" = ${answer.provider},
        "model" = ${answer.model}, "finishReason" = ${answer.finishReason}, "outcome" = ${answer.outcome},
        "passages" = ${passages}::jsonb, "costMicros" = ${answer.costMicros}
      WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ${conversationId}::uuid AND "id" = ${messageId}::uuid`;
    return changed > 0;
  },

  /** The answer of a turn that was asked before. */
  async answerOf(siteId: string, conversationId: string, clientTurnId: string): Promise<StoredMessage | undefined> {
    const row = await db.message.findFirst({ where: { siteId, conversationId, clientTurnId, role: 'assistant' } });
    return row ? (row as unknown as StoredMessage) : undefined;
  },

  /** The last messages of a conversation, oldest first. */
  async messages(siteId: string, conversationId: string, limit: number): Promise<StoredMessage[]> {
    const rows = await db.message.findMany({
      where: { siteId, conversationId },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    });
    return rows.reverse() as unknown as StoredMessage[];
  },

  /** The answers that left their question open, newest first, each with its question. */
  async unanswered(siteId: string, after: Place | undefined, limit: number): Promise<Unanswered[]> {
    const older = after
      ? Prisma.sql`AND (answer."createdAt", answer."id") < (${after.at}::timestamptz, ${after.id}::uuid)`
      : Prisma.empty;
    return db.$queryRaw<Unanswered[]>`
      SELECT answer."id"::text AS "id", answer."conversationId"::text AS "conversationId", asked."text" AS "question",
        "Conversation"."locale", answer."createdAt"
      FROM "Message" answer
      JOIN "Conversation" ON "Conversation"."siteId" = answer."siteId" AND "Conversation"."id" = answer."conversationId"
      JOIN "Message" asked ON asked."siteId" = answer."siteId" AND asked."conversationId" = answer."conversationId"
        AND asked."clientTurnId" = answer."clientTurnId" AND asked."role" = 'visitor'
      WHERE answer."siteId" = ${siteId}::uuid AND answer."outcome" = 'unanswered' AND answer."handledAt" IS NULL
        AND "Conversation"."restrictedAt" IS NULL ${older}
      ORDER BY answer."createdAt" DESC, answer."id" DESC LIMIT ${limit}`;
  },

  /** Notes that an answer which left its question open is dealt with; the first time counts. */
  async handle(siteId: string, messageId: string, at: Date): Promise<boolean> {
    const changed = await db.$executeRaw`
      UPDATE "Message" SET "handledAt" = coalesce("handledAt", ${at}::timestamptz)
      WHERE "siteId" = ${siteId}::uuid AND "id" = ${messageId}::uuid AND "outcome" = 'unanswered'
        AND "conversationId" IN (
          SELECT "id" FROM "Conversation" WHERE "siteId" = ${siteId}::uuid AND "restrictedAt" IS NULL)`;
    return changed > 0;
  },

  /** The conversation with how many messages it had then, and how its answers went. */
  async endOf(siteId: string, id: string, until: Date): Promise<End | undefined> {
    const rows = await db.$queryRaw<End[]>`
      SELECT "Conversation"."createdAt", "locale", "pageUrl", "restrictedAt", count(message."id")::int AS "messages",
        (count(*) FILTER (WHERE message."outcome" = 'answered'))::int AS "answered",
        (count(*) FILTER (WHERE message."outcome" = 'asked_back'))::int AS "askedBack",
        (count(*) FILTER (WHERE message."outcome" = 'unanswered'))::int AS "unanswered"
      FROM "Conversation" LEFT JOIN "Message" message ON message."siteId" = "Conversation"."siteId"
        AND message."conversationId" = "Conversation"."id" AND message."createdAt" <= ${until}::timestamptz
      WHERE "Conversation"."siteId" = ${siteId}::uuid AND "Conversation"."id" = ${id}::uuid
      GROUP BY "Conversation"."siteId", "Conversation"."id"`;
    return rows[0];
  },

  byId: (siteId: string, id: string) => db.conversation.findUnique({ where: { siteId_id: { siteId, id } } }),

  byHandle: (siteId: string, handleHash: string) =>
    db.conversation.findUnique({ where: { siteId_handleHash: { siteId, handleHash } } }),

  /** No handle opens the conversation any more. */
  async close(siteId: string, id: string): Promise<void> {
    await db.conversation.updateMany({ where: { siteId, id }, data: { handleHash: `closed ${id}` } });
  },

  /** Newest first, each with how much it holds. */
  async list(siteId: string, after: Place | undefined, limit: number) {
    const rows = await db.conversation.findMany({
      where: { siteId, ...olderThan(after) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: { id: true, createdAt: true, locale: true, pageUrl: true, restrictedAt: true },
    });
    const held = await db.message.groupBy({
      by: ['conversationId'],
      where: { siteId, conversationId: { in: rows.map(({ id }) => id) } },
      _count: { id: true },
      _max: { createdAt: true },
    });
    const byId = new Map(held.map(each => [each.conversationId, each]));
    return rows.map(row => ({
      ...row,
      messages: byId.get(row.id)?._count.id ?? 0,
      lastMessageAt: byId.get(row.id)?._max.createdAt ?? null,
    }));
  },
});

/** The visitor's words, and the place of the answer, for the row of `"conversation"`. */
const insertTurn = (siteId: string, turn: NewTurn) => Prisma.sql`
  INSERT INTO "Message" ("siteId", "conversationId", "id", "turnId", "clientTurnId", "role", "text", "citations",
    "status", "createdAt")
  SELECT ${siteId}::uuid, "conversation"."id", said."id"::uuid, ${turn.turnId}::uuid, ${turn.clientTurnId}::uuid,
    said."role", said."text", '[]'::jsonb, said."status", ${turn.createdAt}::timestamptz
  FROM "conversation" CROSS JOIN (VALUES
    (${turn.visitorMessageId}, 'visitor', ${turn.text}, 'completed'),
    (${turn.assistantMessageId}, 'assistant', '', 'streaming')) AS said("id", "role", "text", "status")`;

/** Whether the site keeps this conversation; it then stays until the transaction ends. */
export async function keepsConversation(tx: Tx, siteId: string, id: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM "Conversation" WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid FOR KEY SHARE`;
  return rows.length > 0;
}

/**
 * What was answered before the conversation, which then stays until the transaction ends. Nothing where it is gone or
 * restricted.
 */
export async function prechatOf(tx: Tx, siteId: string, id: string): Promise<PrechatContent | undefined> {
  const rows = await tx.$queryRaw<PrechatContent[]>`
    SELECT "prechat" AS "answers", "pageUrl", "createdAt" FROM "Conversation"
    WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid AND "restrictedAt" IS NULL AND "prechat" IS NOT NULL
    FOR NO KEY UPDATE`;
  return rows[0];
}
