import type { SignInMethod, SignInOutcome } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';
import type { Sealed } from '../../lib/keyring.ts';

export type NewUser = { name: string; email: string; locale: string; passwordHash: string };

export type AccountStore = ReturnType<typeof accountStore>;

/** What somebody proves by its token: who they are at this address. `kind` and the hash of the token name it. */
export type Proof = { id: string; identifier: string; value: string; expiresAt: Date };

/** Every query about users, beside those that better-auth makes. */
export const accountStore = (db: Db) => ({
  userById: (id: string, tx: Db | Tx = db) => tx.user.findUnique({ where: { id } }),

  userByEmail: (email: string, tx: Db | Tx = db) => tx.user.findUnique({ where: { email } }),

  /** Nothing where the address has been taken meanwhile. */
  async addUser(tx: Tx, { name, email, locale, passwordHash }: NewUser, at: Date): Promise<string | undefined> {
    const id = uuidv7();
    const times = { createdAt: at, updatedAt: at };
    const user = { id, name, email, locale, emailVerified: true, twoFactorEnabled: false, ...times };
    if ((await tx.user.createMany({ data: [user], skipDuplicates: true })).count === 0) return undefined;
    const credential = { id: uuidv7(), accountId: id, providerId: 'credential', userId: id, password: passwordHash };
    await tx.credential.create({ data: { ...credential, ...times } });
    return id;
  },

  async changeUser(tx: Db | Tx, id: string, data: { name?: string; locale?: string }, at: Date): Promise<void> {
    await tx.user.updateMany({ where: { id }, data: { ...data, updatedAt: at } });
  },

  /** Whether the address was free. */
  async changeEmail(tx: Tx, id: string, email: string, at: Date): Promise<boolean> {
    const changed = await tx.$executeRaw`
      UPDATE "User" SET "email" = ${email}, "updatedAt" = ${at}
      WHERE "id" = ${id}::uuid AND NOT EXISTS (SELECT FROM "User" WHERE "email" = ${email})`;
    return changed > 0;
  },

  async changePassword(tx: Tx, userId: string, password: string, at: Date): Promise<void> {
    await tx.credential.updateMany({ where: { userId, providerId: 'credential' }, data: { password, updatedAt: at } });
  },

  async passwordHash(userId: string): Promise<string | undefined> {
    const row = await db.credential.findFirst({ where: { userId, providerId: 'credential' } });
    return row?.password ?? undefined;
  },

  sessions: (userId: string, tx: Db | Tx = db) =>
    tx.session.findMany({ where: { userId }, orderBy: { updatedAt: 'desc' } }),

  async seen(sessionId: string, at: Date): Promise<void> {
    await db.session.updateMany({ where: { id: sessionId }, data: { updatedAt: at } });
  },

  /** Whether there was one. */
  async endSession(userId: string, id: string, tx: Db | Tx = db): Promise<boolean> {
    return (await tx.session.deleteMany({ where: { userId, id } })).count > 0;
  },

  async addProof(tx: Db | Tx, proof: Proof, at: Date): Promise<void> {
    await tx.verification.createMany({ data: [{ ...proof, createdAt: at, updatedAt: at }], skipDuplicates: true });
  },

  /** What was kept with it; nothing where it is wrong, used or too old. */
  async proof(identifier: string, at: Date): Promise<string | undefined> {
    const row = await db.verification.findFirst({ where: { identifier, expiresAt: { gt: at } } });
    return row?.value;
  },

  /** Whether it was there: of all who come with it, one is the first. */
  async useProof(tx: Tx, identifier: string, at: Date): Promise<boolean> {
    return (await tx.verification.deleteMany({ where: { identifier, expiresAt: { gt: at } } })).count > 0;
  },

  /** What was sent to a user before no longer proves anything. */
  async dropProofs(tx: Tx, userId: string): Promise<void> {
    await tx.verification.deleteMany({ where: { value: userId } });
  },

  /** Whether nobody has shown it before, or so long ago that it is another. */
  async claim(id: string, identifier: string, at: Date, until: Date): Promise<boolean> {
    await db.verification.deleteMany({ where: { id, expiresAt: { lte: at } } });
    const row = { id, identifier, value: '', expiresAt: until, createdAt: at, updatedAt: at };
    return (await db.verification.createMany({ data: [row], skipDuplicates: true })).count > 0;
  },

  async addSignIn(row: {
    userId: string;
    outcome: SignInOutcome;
    method: SignInMethod;
    ipAddress: string | null;
    userAgent: string | null;
    device: string;
    createdAt: Date;
  }): Promise<void> {
    // Of a user who has just been deleted nothing is kept.
    await db.$executeRaw`
      INSERT INTO "SignIn" ("userId", "id", "outcome", "method", "ipAddress", "userAgent", "device", "createdAt")
      SELECT "id", ${uuidv7()}::uuid, ${row.outcome}, ${row.method}, ${row.ipAddress}, ${row.userAgent}, ${row.device},
        ${row.createdAt} FROM "User" WHERE "id" = ${row.userId}::uuid`;
  },

  /** Whether the user has signed in before, and whether from this device. */
  async knownDevices(userId: string, device: string): Promise<{ any: boolean; this: boolean }> {
    const where = { userId, outcome: 'signed_in' };
    const [any, this_] = await Promise.all([
      db.signIn.findFirst({ where, select: { id: true } }),
      db.signIn.findFirst({ where: { ...where, device }, select: { id: true } }),
    ]);
    return { any: any !== null, this: this_ !== null };
  },

  signIns: (userId: string, before: Place | undefined, limit: number) =>
    db.signIn.findMany({
      where: { userId, ...olderThan(before) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    }),

  passkeys: (userId: string) => db.passkey.findMany({ where: { userId }, orderBy: { createdAt: 'asc' } }),

  passkeyOwner: async (credentialID: string): Promise<string | undefined> =>
    (await db.passkey.findUnique({ where: { credentialID } }))?.userId,

  async removePasskey(userId: string, id: string): Promise<boolean> {
    return (await db.passkey.deleteMany({ where: { userId, id } })).count > 0;
  },

  hasSecondFactor: async (userId: string): Promise<boolean> =>
    (await db.user.findUnique({ where: { id: userId } }))?.twoFactorEnabled === true,

  async addMail(tx: Db | Tx, mail: { id: string; kind: string; createdAt: Date } & Sealed): Promise<void> {
    await tx.accountMail.create({ data: mail });
  },

  mail: (id: string) => db.accountMail.findUnique({ where: { id } }),

  /** What it says is no longer known; that it was, is, as long as its file may be there. */
  async emptyMail(id: string): Promise<void> {
    await db.accountMail.updateMany({ where: { id }, data: { keyId: null, ciphertext: null } });
  },

  async mailsAmong(ids: string[]): Promise<string[]> {
    const rows = await db.accountMail.findMany({ where: { id: { in: ids } }, select: { id: true } });
    return rows.map(({ id }) => id);
  },

  /** Takes away what has had its time. */
  async purge(at: Date, before: { session: Date; seen: Date; signIn: Date; mail: Date }): Promise<void> {
    await db.session.deleteMany({
      where: {
        OR: [{ expiresAt: { lte: at } }, { createdAt: { lte: before.session } }, { updatedAt: { lte: before.seen } }],
      },
    });
    await db.verification.deleteMany({ where: { expiresAt: { lte: at } } });
    await db.accountMail.deleteMany({ where: { createdAt: { lte: before.mail } } });
    for (;;) {
      const deleted = await db.$executeRaw(Prisma.sql`
        DELETE FROM "SignIn" WHERE ("userId", "id") IN (
          SELECT "userId", "id" FROM "SignIn" WHERE "createdAt" <= ${before.signIn} LIMIT 1000)`);
      if (deleted < 1_000) return;
    }
  },
});
