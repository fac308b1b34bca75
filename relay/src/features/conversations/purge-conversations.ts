import { Prisma, type Tx } from '../../db/database.ts';
import { notHeld } from '../privacy/index.ts';

type Purged = { messages: number; conversations: number };

/** The messages that are due: older than the cut-off, not held, oldest first. */
const dueMessages = (siteId: string, cutoff: Date, limit: number) => Prisma.sql`
  FROM "Message" WHERE "siteId" = ${siteId}::uuid AND "createdAt" < ${cutoff}::timestamptz
    AND ${notHeld(siteId, Prisma.sql`"Message"."conversationId"`)}
  ORDER BY "createdAt" LIMIT ${limit} FOR UPDATE`;

/**
 * Deletes up to `limit` messages older than the cut-off, also of conversations that go on; once none is left, up to
 * `limit` conversations that began before it and have no message any more. Waits for nobody's lock while there is
 * anything else to do, so that no turn can come to a deadlock with it.
 */
export async function purgeBefore(tx: Tx, siteId: string, cutoff: Date, limit: number): Promise<Purged> {
  const deleteMessages = () => tx.$executeRaw`
    DELETE FROM "Message" WHERE "siteId" = ${siteId}::uuid
      AND ctid = ANY (ARRAY(SELECT ctid ${dueMessages(siteId, cutoff, limit)} SKIP LOCKED))`;
  let messages = await deleteMessages();
  // What is left is locked: one row is waited for, with none locked by us, and the next statement sees what it became.
  while (messages === 0 && (await tx.$queryRaw<unknown[]>`SELECT 1 ${dueMessages(siteId, cutoff, 1)}`).length > 0) {
    messages = await deleteMessages();
  }
  if (messages > 0) return { messages, conversations: 0 };

  const empty = await tx.$queryRaw<{ id: string }[]>`
    SELECT "id"::text FROM "Conversation" WHERE "siteId" = ${siteId}::uuid AND "createdAt" < ${cutoff}::timestamptz
      AND ${notHeld(siteId, Prisma.sql`"Conversation"."id"`)} AND ${hasNoMessage(siteId)}
    ORDER BY "createdAt" LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  if (empty.length === 0) return { messages: 0, conversations: 0 };
  // A turn may have begun before we had the lock, which this statement sees and the one above could not. From the lock
  // on none can: its messages refer to the row.
  const conversations = await tx.$executeRaw`
    DELETE FROM "Conversation" WHERE "siteId" = ${siteId}::uuid AND "id" = ANY (${empty.map(({ id }) => id)}::uuid[])
      AND ${hasNoMessage(siteId)}`;
  return { messages: 0, conversations };
}

/** How many of each `purgeBefore` would delete, called until nothing is left. */
export async function countBefore(tx: Tx, siteId: string, cutoff: Date): Promise<Purged> {
  const [counts] = await tx.$queryRaw<Purged[]>`
    SELECT
      (SELECT count(*)::int FROM "Message" WHERE "siteId" = ${siteId}::uuid AND "createdAt" < ${cutoff}::timestamptz
        AND ${notHeld(siteId, Prisma.sql`"Message"."conversationId"`)}) AS "messages",
      (SELECT count(*)::int FROM "Conversation"
        WHERE "siteId" = ${siteId}::uuid AND "createdAt" < ${cutoff}::timestamptz
        AND ${notHeld(siteId, Prisma.sql`"Conversation"."id"`)}
        AND ${hasNoMessage(siteId, Prisma.sql`AND message."createdAt" >= ${cutoff}::timestamptz`)}) AS "conversations"`;
  return counts as Purged;
}

const hasNoMessage = (siteId: string, which = Prisma.empty) => Prisma.sql`
  NOT EXISTS (SELECT FROM "Message" message
    WHERE message."siteId" = ${siteId}::uuid AND message."conversationId" = "Conversation"."id" ${which})`;
