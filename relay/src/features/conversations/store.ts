import type { Citation, FinishReason, MessageStatus } from '@confab/contract';
import { type Db, Prisma } from '../../db/database.ts';
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
};

export type StoredMessage = {
  id: string;
  turnId: string;
  role: 'visitor' | 'assistant' | 'agent';
  text: string;
  citations: Citation[];
  status: MessageStatus;
  provider: string | null;
  model: string | null;
  finishReason: FinishReason | null;
  createdAt: Date;
};

/** `isNew` is false where this turn has been asked before. */
export type OpenedTurn = { conversationId: string; isNew: boolean };

export type ConversationStore = ReturnType<typeof conversationStore>;

/** Every query of the conversations. */
export const conversationStore = (db: Db) => ({
  /**
   * Spends the consent token (`spending`, a statement that returns its `"sequence"`), makes the conversation and writes
   * its first turn: all in one statement, or nothing where the token is not valid.
   */
  async begin(
    siteId: string,
    conversation: NewConversation,
    spending: Prisma.Sql,
    turn: NewTurn,
  ): Promise<OpenedTurn | undefined> {
    const rows = await db.$queryRaw<{ conversationId: string }[]>`
      WITH "spent" AS (${spending}), "conversation" AS (
        INSERT INTO "Conversation" ("siteId", "id", "handleHash", "consentSequence", "locale", "pageUrl", "pageTitle",
          "referrer", "createdAt")
        SELECT ${siteId}::uuid, ${conversation.id}::uuid, ${conversation.handleHash}, "sequence",
          ${conversation.locale}, ${conversation.pageUrl}, ${conversation.pageTitle}, ${conversation.referrer},
          ${turn.createdAt}::timestamptz
        FROM "spent" RETURNING "id"
      ), "messages" AS (${insertTurn(siteId, turn)})
      SELECT "id"::text AS "conversationId" FROM "conversation"`;
    return rows[0] && { conversationId: rows[0].conversationId, isNew: true };
  },

  /** Writes a further turn. Gives nothing where the conversation is not there. */
  async continue(siteId: string, handleHash: string, turn: NewTurn): Promise<OpenedTurn | undefined> {
    const rows = await db.$queryRaw<OpenedTurn[]>`
      WITH "conversation" AS (
        SELECT "id" FROM "Conversation" WHERE "siteId" = ${siteId}::uuid AND "handleHash" = ${handleHash}
      ), "messages" AS (
        ${insertTurn(siteId, turn)} ON CONFLICT ("siteId", "conversationId", "clientTurnId", "role") DO NOTHING
        RETURNING "id"
      )
      SELECT "id"::text AS "conversationId", EXISTS (SELECT FROM "messages") AS "isNew" FROM "conversation"`;
    return rows[0];
  },

  /** Ends the answer of a turn. What was erased meanwhile does not come back. */
  async finish(siteId: string, conversationId: string, messageId: string, answer: FinishedAnswer): Promise<void> {
    await db.$executeRaw`
      UPDATE "Message" SET "text" = ${answer.text}, "citations" = ${JSON.stringify(answer.citations)}::jsonb,
        "status" = ${answer.status}, "provider" = ${answer.provider}, "model" = ${answer.model},
        "finishReason" = ${answer.finishReason}
      WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ${conversationId}::uuid AND "id" = ${messageId}::uuid`;
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

  byHandle: (siteId: string, handleHash: string) =>
    db.conversation.findUnique({ where: { siteId_handleHash: { siteId, handleHash } } }),

  /** Gives the number of conversations that went, each with all its messages. */
  async erase(siteId: string, handleHash: string): Promise<number> {
    const { count } = await db.conversation.deleteMany({ where: { siteId, handleHash } });
    return count;
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
