import { v7 as uuidv7 } from 'uuid';
import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import { AppError } from '../../lib/app-error.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';

/**
 * Part of a statement: whether no legal hold keeps the conversation of `column`. A purge of a site that is held as a
 * whole does not begin, so only holds on single conversations are looked at.
 */
export const notHeld = (siteId: string, column: Prisma.Sql): Prisma.Sql => Prisma.sql`
  NOT EXISTS (SELECT FROM "LegalHold" hold WHERE hold."siteId" = ${siteId}::uuid
    AND hold."conversationId" = ${column} AND hold."releasedAt" IS NULL)`;

export type LegalHolds = ReturnType<typeof createLegalHolds>;

type NewHold = { conversationId?: string | undefined; reason: string; author: string };

type Deps = {
  db: Db;
  /** Whether the site has this conversation. */
  hasConversation: (tx: Tx, siteId: string, id: string) => Promise<boolean>;
  now: () => Date;
};

/** What must not be deleted, on whose word and why. */
export function createLegalHolds({ db, hasConversation, now }: Deps) {
  return {
    /** From its return on nothing that is held is purged. Throws 404 `conversation_not_found`. */
    place: (siteId: string, { conversationId, reason, author }: NewHold) =>
      inTransaction(db, async tx => {
        // No purge begins meanwhile, and the batch of one that runs is waited for.
        await tx.$queryRaw`SELECT 1 FROM "Site" WHERE "id" = ${siteId}::uuid FOR NO KEY UPDATE`;
        await tx.$queryRaw`
          SELECT 1 FROM "PurgeRun" WHERE "siteId" = ${siteId}::uuid AND "sequence" IS NULL FOR UPDATE`;
        if (conversationId !== undefined && !(await hasConversation(tx, siteId, conversationId))) {
          throw new AppError('conversation_not_found', 'There is no such conversation (any more).');
        }
        return tx.legalHold.create({
          data: { siteId, id: uuidv7(), conversationId: conversationId ?? null, reason, author, createdAt: now() },
        });
      }),

    /** False where there is no such hold, or it was released before. */
    async release(siteId: string, id: string, by: string): Promise<boolean> {
      const where = { siteId, id, releasedAt: null };
      const { count } = await db.legalHold.updateMany({ where, data: { releasedAt: now(), releasedBy: by } });
      return count > 0;
    },

    /** Newest first, also those that were released. */
    list: (siteId: string, after: Place | undefined, limit: number) =>
      db.legalHold.findMany({
        where: { siteId, ...olderThan(after) },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
      }),

    /** Newest first, those that hold still. */
    active: (siteId: string, limit: number) =>
      db.legalHold.findMany({ where: { siteId, releasedAt: null }, orderBy: { createdAt: 'desc' }, take: limit }),

    /** Lets no hold be placed until `tx` ends, so that what it found free stays so. */
    async freeze(tx: Tx, siteId: string): Promise<void> {
      await tx.$queryRaw`SELECT 1 FROM "Site" WHERE "id" = ${siteId}::uuid FOR SHARE`;
    },

    /** Whether the whole site is held. */
    async holdsSite(tx: Tx, siteId: string): Promise<boolean> {
      return (await tx.legalHold.count({ where: { siteId, conversationId: null, releasedAt: null } })) > 0;
    },

    /** Whether the site, or any conversation of it, is held. */
    async holdsAnything(tx: Tx, siteId: string): Promise<boolean> {
      return (await tx.legalHold.count({ where: { siteId, releasedAt: null } })) > 0;
    },

    /** Those of the conversations that may not be touched. */
    async heldOf(tx: Tx, siteId: string, conversationIds: string[]): Promise<string[]> {
      if (await this.holdsSite(tx, siteId)) return conversationIds;
      const rows = await tx.legalHold.findMany({
        where: { siteId, conversationId: { in: conversationIds }, releasedAt: null },
        select: { conversationId: true },
      });
      return rows.flatMap(({ conversationId }) => conversationId ?? []);
    },
  };
}
