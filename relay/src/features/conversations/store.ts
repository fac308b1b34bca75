import type { AnswerOutcome, Citation, FinishReason, KeptPassage, MessageStatus, ProductCard } from '@confab/contract';
import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { allOf } from '../../db/few.ts';
import { wordsVector } from '../../db/words.ts';
import type { Place } from '../../lib/cursor.ts';
import { byNotify, type Telling } from '../../live/live.ts';
import { type Begun, type Count, counting } from '../usage/index.ts';
import { type ConversationFilters, listConversations } from './list-conversations.ts';
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
  authorName: string | null;
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

export type UnansweredFilters = { from?: string | undefined; to?: string | undefined };

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

/**
 * `isNew` is false where this turn has been asked before; `externalId` is the customer's whom the conversation is of. While
 * it is taken over, a new turn is the visitor's words alone, with no place for an answer. `isLimited` where it began past
 * its account's limit; `begun` is how the account stands where the beginning was counted.
 */
export type OpenedTurn = {
  conversationId: string;
  isNew: boolean;
  isRestricted: boolean;
  isTakenOver: boolean;
  externalId: string | null;
  isLimited: boolean;
  begun?: Begun;
};

type Told = { told: string | null };

export type ConversationStore = ReturnType<typeof conversationStore>;

/** Every query of the conversations. */
export const conversationStore = (db: Db, { telling, told }: Telling = byNotify) => ({
  /**
   * Spends the consent token (`spending`, a statement that returns its `"sequence"` and `"subjectKey"`), makes the
   * conversation and writes its first turn: all in one statement, or nothing where the token is not valid. `also` is one
   * more part of it, which may read the row of `"conversation"`. `beginning` counts it for each row of `"spent"` and returns
   * how the account then stands; no row where the limit is reached.
   */
  async begin(
    siteId: string,
    conversation: NewConversation,
    spending: Prisma.Sql,
    turn: NewTurn,
    { also, beginning }: { also: Prisma.Sql | undefined; beginning: Prisma.Sql | undefined },
  ): Promise<OpenedTurn | undefined> {
    const begun = beginning ?? Prisma.sql`SELECT NULL::int AS "used", NULL::int AS "alerted"`;
    const rows = await db.$queryRaw<(BegunRow & Told)[]>`
      WITH "spent" AS (${spending}), "begun" AS (${begun}), "conversation" AS (
        INSERT INTO "Conversation" ("siteId", "id", "handleHash", "consentSequence", "subjectKey", "locale", "pageUrl",
          "pageTitle", "referrer", "prechat", "externalId", "createdAt", "limited")
        SELECT ${siteId}::uuid, ${conversation.id}::uuid, ${conversation.handleHash}, "sequence", "subjectKey",
          ${conversation.locale}, ${conversation.pageUrl}, ${conversation.pageTitle}, ${conversation.referrer},
          ${conversation.prechat && JSON.stringify(conversation.prechat)}::jsonb, ${conversation.externalId},
          ${turn.createdAt}::timestamptz, NOT EXISTS (SELECT FROM "begun")
        FROM "spent" RETURNING "id", "takenOverBy", "limited"
      ), "messages" AS (${insertTurn(siteId, turn)})${also ? Prisma.sql`, "also" AS (${also})` : Prisma.empty}
      SELECT "id"::text AS "conversationId", "limited" AS "isLimited",
        (SELECT "used" FROM "begun") AS "used", (SELECT "alerted" FROM "begun") AS "alerted",
        ${telling(`site ${siteId}`, { type: 'conversation', id: Prisma.sql`"id"` })} AS "told" FROM "conversation"`;
    told(rows);
    const [row] = rows;
    if (!row) return undefined;
    const { conversationId, isLimited, used, alerted } = row;
    return {
      conversationId,
      isNew: true,
      isRestricted: false,
      isTakenOver: false,
      externalId: conversation.externalId,
      isLimited,
      ...(used !== null && alerted !== null && { begun: { used, alerted } }),
    };
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
    const columns = Prisma.sql`"id", "restrictedAt", "externalId", "takenOverBy", "limited"`;
    const conversation =
      customerId === undefined
        ? Prisma.sql`SELECT ${columns} FROM "Conversation" WHERE ${which} FOR KEY SHARE`
        : Prisma.sql`
          UPDATE "Conversation" SET "externalId" = coalesce("externalId", ${customerId}) WHERE ${which}
          RETURNING ${columns}`;
    const rows = await db.$queryRaw<(OpenedTurn & Told)[]>`
      WITH "conversation" AS (${conversation}), "messages" AS (
        ${insertTurn(siteId, turn)} ON CONFLICT ("siteId", "conversationId", "clientTurnId", "role") DO NOTHING
        RETURNING "id"
      )
      SELECT "id"::text AS "conversationId", EXISTS (SELECT FROM "messages") AS "isNew",
        "restrictedAt" IS NOT NULL AS "isRestricted", "takenOverBy" IS NOT NULL AS "isTakenOver", "externalId",
        "limited" AS "isLimited",
        CASE WHEN EXISTS (SELECT FROM "messages") THEN
          ${telling(`site ${siteId}`, { type: 'message', id: Prisma.sql`"id"`, by: 'visitor' })} END AS "told"
      FROM "conversation"`;
    told(rows);
    return rows[0];
  },

  /**
   * Takes a turn up whose answer nobody has begun to tell and nobody is writing: it is the turn `turnId` from now on. False
   * where somebody else was quicker, also who was at work on it and has just ended.
   */
  async takeUp(siteId: string, conversationId: string, answer: StoredMessage, turnId: string): Promise<boolean> {
    const rows = await db.$queryRaw<{ taken: boolean }[]>`
      WITH "taken" AS (
        UPDATE "Message" SET "turnId" = ${turnId}::uuid, "status" = 'streaming'
        WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ${conversationId}::uuid AND "id" = ${answer.id}::uuid
          AND "turnId" = ${answer.turnId}::uuid AND "status" = ${answer.status} AND "text" = '' RETURNING "id"
      ), "asked" AS (
        UPDATE "Message" SET "turnId" = ${turnId}::uuid
        WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ${conversationId}::uuid
          AND "turnId" = ${answer.turnId}::uuid AND "role" = 'visitor' AND EXISTS (SELECT FROM "taken")
      )
      SELECT EXISTS (SELECT FROM "taken") AS "taken"`;
    return rows[0]?.taken === true;
  },

  /** Whether the answer of this message is kept. */
  async isFinished(siteId: string, conversationId: string, messageId: string): Promise<boolean> {
    const where = { siteId, conversationId, id: messageId, status: { not: 'streaming' } };
    return (await db.message.count({ where })) > 0;
  },

  /**
   * Ends the answer of a turn, and counts it in the same statement. False where it was erased meanwhile: it does not come
   * back, and counts as well.
   */
  async finish(
    siteId: string,
    conversationId: string,
    messageId: string,
    answer: FinishedAnswer,
    count: Count | undefined,
  ): Promise<boolean> {
    const back = count?.answersBack ?? 0;
    const [products, passages] = [answer.products, answer.passages].map(all =>
      all.length > 0 ? JSON.stringify(all) : null,
    );
    const waits = answer.outcome === 'unanswered' || answer.status === 'failed' || answer.text === '';
    // The conversation before its message, as whoever erases them goes: else each could wait for the other.
    const changed = await db.$queryRaw<Told[]>`
      WITH "standing" AS MATERIALIZED (
        UPDATE "Conversation" SET "waiting" = ${waits}, "answers" = "answers" - ${back}::int
        WHERE "siteId" = ${siteId}::uuid AND "id" = ${conversationId}::uuid
          AND ("waiting" <> ${waits} OR ${back}::int > 0)
        RETURNING "id"
      )${count ? Prisma.sql`, ${counting(count)}` : Prisma.empty}
      UPDATE "Message" SET "text" = ${answer.text}, "words" = ${wordsVector(siteId, answer.text)}, "citations" = ${JSON.stringify(answer.citations)}::jsonb,
        "products" = ${products}::jsonb, "status" = ${answer.status}, "provider" = ${answer.provider},
        "model" = ${answer.model}, "finishReason" = ${answer.finishReason}, "outcome" = ${answer.outcome},
        "passages" = ${passages}::jsonb, "costMicros" = ${answer.costMicros}
      WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ${conversationId}::uuid AND "id" = ${messageId}::uuid
        AND (SELECT count(*) FROM "standing") >= 0
      RETURNING ${telling(`site ${siteId}`, {
        type: 'message',
        id: Prisma.sql`"conversationId"`,
        by: 'assistant',
      })} AS "told"`;
    told(changed);
    return changed.length > 0;
  },

  /** The answer of a turn that was asked before. */
  async answerOf(siteId: string, conversationId: string, clientTurnId: string): Promise<StoredMessage | undefined> {
    const row = await db.message.findFirst({ where: { siteId, conversationId, clientTurnId, role: 'assistant' } });
    return row ? (row as unknown as StoredMessage) : undefined;
  },

  /** A turn that has no answer and will have none: it was asked while somebody had taken over. */
  async silentTurn(siteId: string, conversationId: string, clientTurnId: string): Promise<string | undefined> {
    const where = { siteId, conversationId, clientTurnId, role: { in: ['visitor', 'assistant'] } };
    const rows = await db.message.findMany({ where, select: { turnId: true } });
    return rows.length === 1 ? rows[0]?.turnId : undefined;
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
  async unanswered(
    siteId: string,
    { from, to }: UnansweredFilters,
    after: Place | undefined,
    limit: number,
  ): Promise<Unanswered[]> {
    const older = allOf([
      after && Prisma.sql`(answer."createdAt", answer."id") < (${after.at}::timestamptz, ${after.id}::uuid)`,
      from === undefined ? undefined : Prisma.sql`answer."createdAt" >= ${new Date(from)}::timestamptz`,
      to === undefined ? undefined : Prisma.sql`answer."createdAt" < ${new Date(to)}::timestamptz`,
    ]);
    return db.$queryRaw<Unanswered[]>`
      SELECT answer."id"::text AS "id", answer."conversationId"::text AS "conversationId", asked."text" AS "question",
        "Conversation"."locale", answer."createdAt"
      FROM "Message" answer
      JOIN "Conversation" ON "Conversation"."siteId" = answer."siteId" AND "Conversation"."id" = answer."conversationId"
      JOIN "Message" asked ON asked."siteId" = answer."siteId" AND asked."conversationId" = answer."conversationId"
        AND asked."clientTurnId" = answer."clientTurnId" AND asked."role" = 'visitor'
      WHERE answer."siteId" = ${siteId}::uuid AND answer."outcome" = 'unanswered' AND answer."handledAt" IS NULL
        AND "Conversation"."restrictedAt" IS NULL AND ${older}
      ORDER BY answer."createdAt" DESC, answer."id" DESC LIMIT ${limit}`;
  },

  /** Notes that an answer which left its question open is dealt with; the first time counts. */
  async handle(siteId: string, messageId: string, at: Date): Promise<boolean> {
    const changed = await db.$executeRaw`
      WITH "answer" AS MATERIALIZED (
        SELECT m."conversationId", m."id", m."createdAt" FROM "Message" m
        JOIN "Conversation" c ON c."siteId" = m."siteId" AND c."id" = m."conversationId" AND c."restrictedAt" IS NULL
        WHERE m."siteId" = ${siteId}::uuid AND m."id" = ${messageId}::uuid AND m."outcome" = 'unanswered'
      ), "standing" AS MATERIALIZED (
        UPDATE "Conversation" c SET "waiting" = FALSE FROM "answer"
        WHERE c."siteId" = ${siteId}::uuid AND c."id" = "answer"."conversationId" AND c."waiting" AND NOT EXISTS (
          SELECT FROM "Message" later WHERE later."siteId" = ${siteId}::uuid
            AND later."conversationId" = "answer"."conversationId" AND later."createdAt" > "answer"."createdAt")
        RETURNING c."id"
      )
      UPDATE "Message" m SET "handledAt" = coalesce(m."handledAt", ${at}::timestamptz) FROM "answer"
      WHERE m."siteId" = ${siteId}::uuid AND m."conversationId" = "answer"."conversationId" AND m."id" = "answer"."id"
        AND (SELECT count(*) FROM "standing") >= 0`;
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

  /** Newest first, each with how it stands. */
  list: (siteId: string, filters: ConversationFilters, after: Place | undefined, limit: number) =>
    listConversations(db, siteId, filters, after, limit),
});

type BegunRow = Told & { conversationId: string; isLimited: boolean; used: number | null; alerted: number | null };

/** The visitor's words, and the place of the answer unless somebody has taken over, for the row of `"conversation"`. */
const insertTurn = (siteId: string, turn: NewTurn) => Prisma.sql`
  INSERT INTO "Message" ("siteId", "conversationId", "id", "turnId", "clientTurnId", "role", "text", "citations",
    "words", "status", "createdAt")
  SELECT ${siteId}::uuid, "conversation"."id", said."id"::uuid, ${turn.turnId}::uuid, ${turn.clientTurnId}::uuid,
    said."role", said."text", '[]'::jsonb,
    CASE said."role" WHEN 'visitor' THEN ${wordsVector(siteId, turn.text)} END, said."status",
    ${turn.createdAt}::timestamptz
  FROM "conversation" CROSS JOIN (VALUES
    (${turn.visitorMessageId}, 'visitor', ${turn.text}, 'completed'),
    (${turn.assistantMessageId}, 'assistant', '', 'streaming')) AS said("id", "role", "text", "status")
  WHERE said."role" = 'visitor' OR "conversation"."takenOverBy" IS NULL`;

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
