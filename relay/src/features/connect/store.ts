import type { Platform } from '@confab/contract';
import type { Db, Tx } from '../../db/database.ts';

/** An approval that waits to be exchanged; `siteId` is empty where it makes a site. */
export type ConnectCode = {
  hash: string;
  siteId: string | null;
  accountId: string;
  /** The user who approved. */
  approvedBy: string;
  platform: Platform;
  siteUrl: string;
  codeChallenge: string;
  expiresAt: Date;
};

export type ConnectStore = ReturnType<typeof connectStore>;

/** Every query of the codes. Those that are too old go in passing. */
export const connectStore = (db: Db) => ({
  async add(code: ConnectCode, now: Date): Promise<void> {
    await db.connectCode.deleteMany({ where: { expiresAt: { lte: now } } });
    await db.connectCode.create({ data: code });
  },

  /** Takes the code away and gives it to one caller alone, whatever then comes of it; nothing where it is too old. */
  async spend(hash: string, now: Date): Promise<ConnectCode | undefined> {
    const gone = await db.$queryRaw<ConnectCode[]>`
      DELETE FROM "ConnectCode" WHERE "hash" = ${hash} OR "expiresAt" <= ${now}::timestamptz
      RETURNING "hash", "siteId"::text AS "siteId", "accountId"::text AS "accountId", "approvedBy"::text AS "approvedBy",
        "platform", "siteUrl", "codeChallenge", "expiresAt"`;
    return gone.find(code => code.hash === hash && code.expiresAt > now);
  },

  /** Keeps everybody else from adding to the site, until `tx` ends. */
  async lockSite(tx: Tx, siteId: string): Promise<void> {
    await tx.$queryRaw`SELECT 1 FROM "Site" WHERE "id" = ${siteId}::uuid FOR UPDATE`;
  },

  async forgetCodes(tx: Tx, siteId: string): Promise<void> {
    await tx.connectCode.deleteMany({ where: { siteId } });
  },
});
