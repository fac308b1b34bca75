import type { Db, Tx } from '../../db/database.ts';

export type DeletionStore = ReturnType<typeof deletionStore>;

/** Every query of the end of accounts. */
export const deletionStore = (db: Db) => ({
  /** Keeps everybody else from changing the account until `tx` ends; nothing where it is gone. */
  async lock(tx: Tx, accountId: string): Promise<{ name: string; deleteAt: Date | null } | undefined> {
    const [row] = await tx.$queryRaw<{ name: string; deleteAt: Date | null }[]>`
      SELECT "name", "deleteAt" FROM "Account" WHERE "id" = ${accountId}::uuid FOR UPDATE`;
    return row;
  },

  find: (accountId: string) =>
    db.account.findUnique({ where: { id: accountId }, select: { name: true, deleteAt: true } }),

  async setEnd(tx: Tx, accountId: string, deleteAt: Date | null): Promise<void> {
    await tx.account.update({ where: { id: accountId }, data: { deleteAt } });
  },

  membersOf: async (tx: Tx, accountId: string): Promise<string[]> =>
    (await tx.member.findMany({ where: { accountId }, select: { userId: true } })).map(({ userId }) => userId),

  /** Sites of the account of which a legal hold keeps data. */
  async heldSites(accountId: string, tx: Tx = db): Promise<{ siteId: string; name: string }[]> {
    return tx.$queryRaw<{ siteId: string; name: string }[]>`
      SELECT s."id"::text AS "siteId", s."settings"->>'name' AS "name" FROM "Site" s
      WHERE s."accountId" = ${accountId}::uuid AND EXISTS (
        SELECT FROM "LegalHold" h WHERE h."siteId" = s."id" AND h."releasedAt" IS NULL)
      ORDER BY s."id" LIMIT 200`;
  },

  siteIdsOf: async (accountId: string): Promise<string[]> =>
    (await db.site.findMany({ where: { accountId }, select: { id: true }, orderBy: { id: 'asc' } })).map(
      ({ id }) => id,
    ),

  hasSite: async (tx: Tx, accountId: string): Promise<boolean> => (await tx.site.count({ where: { accountId } })) > 0,

  /** The accounts whose end has come. */
  due: async (now: Date): Promise<string[]> =>
    (await db.account.findMany({ where: { deleteAt: { lte: now } }, select: { id: true } })).map(({ id }) => id),

  /** Deletes the account with its team, invitations, audit log and archives, by the database's own cascade. */
  async remove(tx: Tx, accountId: string): Promise<void> {
    await tx.connectCode.deleteMany({ where: { accountId } });
    await tx.account.deleteMany({ where: { id: accountId } });
  },

  /** Those of the users who belong to no account any more, and to none before `tx` ends. */
  async lone(tx: Tx, userIds: string[]): Promise<string[]> {
    // Whoever joins another account meanwhile has done so before the next statement looks, or finds no user.
    await tx.$queryRaw`SELECT 1 FROM "User" WHERE "id" = ANY (${userIds}::uuid[]) ORDER BY "id" FOR UPDATE`;
    const rows = await tx.user.findMany({
      where: { id: { in: userIds }, members: { none: {} } },
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  },
});
