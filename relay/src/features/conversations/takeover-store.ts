import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { wordsVector } from '../../db/words.ts';
import type { StoredMessage } from './store.ts';

/** Who has taken over a conversation, and since when. */
export type Holder = { userId: string; name: string; at: Date };

export type TakenOver = { siteId: string; id: string; takenOverBy: string; takenOverAt: Date };

/** A conversation as it stands while its row is locked. */
export type LockedConversation = {
  restrictedAt: Date | null;
  takenOverBy: string | null;
  takenOverName: string | null;
  takenOverAt: Date | null;
};

export type AgentMessage = {
  id: string;
  turnId: string;
  clientTurnId: string;
  text: string;
  authorId: string;
  authorName: string;
  createdAt: Date;
};

export type TakeoverStore = ReturnType<typeof takeoverStore>;

const nobody = { takenOverBy: null, takenOverName: null, takenOverAt: null };

/** Every query of taking conversations over. */
export const takeoverStore = (db: Db) => ({
  /** The conversation, which then stays as it is until the transaction ends. */
  async lock(tx: Tx, siteId: string, id: string): Promise<LockedConversation | undefined> {
    const rows = await tx.$queryRaw<LockedConversation[]>`
      SELECT "restrictedAt", "takenOverBy"::text, "takenOverName", "takenOverAt" FROM "Conversation"
      WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid FOR NO KEY UPDATE`;
    return rows[0];
  },

  async take(tx: Tx, siteId: string, id: string, { userId, name, at }: Holder): Promise<void> {
    const data = { takenOverBy: userId, takenOverName: name, takenOverAt: at };
    await tx.conversation.updateMany({ where: { siteId, id }, data });
  },

  /** Nobody has it any more, where it is still this takeover. */
  async release(tx: Tx, { siteId, id, takenOverBy, takenOverAt }: TakenOver): Promise<boolean> {
    const where = { siteId, id, takenOverBy, takenOverAt };
    return (await tx.conversation.updateMany({ where, data: nobody })).count > 0;
  },

  /** Whether whoever has taken over has written since `after`. */
  async hasWritten({ siteId, id, takenOverBy }: TakenOver, after: Date): Promise<boolean> {
    const where = { siteId, conversationId: id, authorId: takenOverBy, createdAt: { gte: after } };
    return (await db.message.findFirst({ where, select: { id: true } })) !== null;
  },

  /** The takeovers of which nobody has heard since `before`, oldest first. */
  silent: (before: Date, limit: number) => db.$queryRaw<TakenOver[]>`
    SELECT "siteId"::text, "id"::text, "takenOverBy"::text, "takenOverAt" FROM "Conversation"
    WHERE "takenOverBy" IS NOT NULL AND "takenOverAt" < ${before}::timestamptz AND NOT EXISTS (
      SELECT FROM "Message" message WHERE message."siteId" = "Conversation"."siteId"
        AND message."conversationId" = "Conversation"."id" AND message."authorId" = "Conversation"."takenOverBy"
        AND message."createdAt" >= ${before}::timestamptz)
    ORDER BY "takenOverAt" LIMIT ${limit}`,

  /** What these users have taken over at these sites. */
  heldBy: (users: { siteId: string; userId: string }[]) => db.$queryRaw<TakenOver[]>`
    SELECT "siteId"::text, "id"::text, "takenOverBy"::text, "takenOverAt" FROM "Conversation"
    WHERE ("takenOverBy", "siteId") IN (${Prisma.join(
      users.map(({ siteId, userId }) => Prisma.sql`(${userId}::uuid, ${siteId}::uuid)`),
    )})`,

  async messageBy(tx: Db | Tx, siteId: string, conversationId: string, clientTurnId: string) {
    const row = await tx.message.findFirst({ where: { siteId, conversationId, clientTurnId, role: 'agent' } });
    return row ? (row as unknown as StoredMessage) : undefined;
  },

  async message(siteId: string, conversationId: string, id: string): Promise<StoredMessage | undefined> {
    const row = await db.message.findFirst({ where: { siteId, conversationId, id, role: 'agent' } });
    return row ? (row as unknown as StoredMessage) : undefined;
  },

  /** The visitor waits for nothing then. */
  async write(tx: Tx, siteId: string, conversationId: string, message: AgentMessage): Promise<StoredMessage> {
    const { id, text } = message;
    const data = { siteId, conversationId, ...message, role: 'agent', citations: [], status: 'completed' };
    const row = await tx.message.create({ data });
    await tx.$executeRaw`
      UPDATE "Message" SET "words" = ${wordsVector(siteId, text)}
      WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ${conversationId}::uuid AND "id" = ${id}::uuid`;
    await tx.conversation.updateMany({ where: { siteId, id: conversationId }, data: { waiting: false } });
    return row as unknown as StoredMessage;
  },

  /** The visitor has written, and only whoever has taken over will answer. */
  async waits(siteId: string, id: string): Promise<void> {
    await db.conversation.updateMany({ where: { siteId, id, takenOverBy: { not: null } }, data: { waiting: true } });
  },
});
