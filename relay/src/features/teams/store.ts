import type { Role } from '@confab/contract';
import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';

/** What somebody may do in an account, and the sites that they see there; `null` for all of them. */
export type Grant = { role: Role; siteIds: string[] | null };

export type StoredAccount = { id: string; name: string; createdAt: Date; deleteAt: Date | null };

export type StoredMember = Grant & {
  id: string;
  name: string;
  email: string;
  twoFactor: boolean;
  createdAt: Date;
};

/** `accountId` is empty where it makes an account. */
export type StoredInvitation = Grant & {
  id: string;
  accountId: string | null;
  email: string;
  createdAt: Date;
  expiresAt: Date;
};

export type StoredEntry = {
  id: string;
  siteId: string | null;
  actorId: string | null;
  actorName: string;
  action: string;
  details: Record<string, unknown>;
  createdAt: Date;
};

/** One account of a user, with one of the sites that they see there; the same account again for each of them. */
export type AccountRow = {
  accountId: string;
  name: string;
  role: Role;
  deleteAt: Date | null;
  siteId: string | null;
  siteKey: string;
  siteName: string;
  platform: string | null;
  homeUrl: string | null;
  connected: boolean;
};

export type AuditFilter = {
  from?: string | undefined;
  to?: string | undefined;
  actorId?: string | undefined;
  action?: string | undefined;
};

export type TeamStore = ReturnType<typeof teamStore>;

/** An account that is past its end is gone, also while its rows are still there. */
const isThere = (now: Date) => Prisma.sql`(a."deleteAt" IS NULL OR a."deleteAt" > ${now}::timestamptz)`;
/** Which sites a member sees; an owner all of them. */
const SEES = Prisma.sql`(m."role" = 'owner' OR m."allSites" OR s."id" = ANY(m."siteIds"))`;
const newestFirst = [{ createdAt: 'desc' as const }, { id: 'desc' as const }];

/** Every query of accounts, their teams and their audit logs. */
export const teamStore = (db: Db) => ({
  /** What the user may do at the site, if they see it. */
  async roleAt(userId: string, siteId: string, now: Date): Promise<{ accountId: string; role: Role } | undefined> {
    const [row] = await db.$queryRaw<{ accountId: string; role: Role }[]>`
      SELECT a."id"::text AS "accountId", m."role" FROM "Site" s
      JOIN "Account" a ON a."id" = s."accountId" AND ${isThere(now)}
      JOIN "Member" m ON m."accountId" = a."id" AND m."userId" = ${userId}::uuid
      WHERE s."id" = ${siteId}::uuid AND ${SEES}`;
    return row;
  },

  /** What the user may do in the account. */
  async grantIn(userId: string, accountId: string, now: Date, tx: Tx = db): Promise<Grant | undefined> {
    const [row] = await tx.$queryRaw<GrantRow[]>`
      SELECT m."role", m."allSites", m."siteIds"::text[] AS "siteIds" FROM "Member" m
      JOIN "Account" a ON a."id" = m."accountId" AND ${isThere(now)}
      WHERE m."accountId" = ${accountId}::uuid AND m."userId" = ${userId}::uuid`;
    return row && grantOf(row);
  },

  /** The accounts of the user, oldest first, and the sites of each that they see, by name. */
  accountsOf: (userId: string, now: Date): Promise<AccountRow[]> => db.$queryRaw<AccountRow[]>`
    SELECT a."id"::text AS "accountId", a."name", m."role", a."deleteAt", s."id"::text AS "siteId", s."key" AS "siteKey",
      s."settings"->>'name' AS "siteName", s."platform", s."homeUrl", s."secretHash" IS NOT NULL AS "connected"
    FROM "Member" m JOIN "Account" a ON a."id" = m."accountId" AND ${isThere(now)}
    LEFT JOIN "Site" s ON s."accountId" = a."id" AND ${SEES}
    WHERE m."userId" = ${userId}::uuid
    ORDER BY m."createdAt", a."id", s."settings"->>'name', s."id"`,

  /** Keeps everybody else from changing who belongs to the account until `tx` ends. False where it is gone. */
  async lock(tx: Tx, accountId: string, now: Date): Promise<boolean> {
    const rows = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM "Account" a WHERE a."id" = ${accountId}::uuid AND ${isThere(now)} FOR NO KEY UPDATE`;
    return rows.length > 0;
  },

  /** Keeps the user from making two accounts at once; gives what an account of theirs is named after. */
  async lockUser(tx: Tx, userId: string): Promise<{ name: string; email: string; isVerified: boolean } | undefined> {
    const [row] = await tx.$queryRaw<{ name: string; email: string; isVerified: boolean }[]>`
      SELECT "name", "email", "emailVerified" AS "isVerified" FROM "User" WHERE "id" = ${userId}::uuid
      FOR NO KEY UPDATE`;
    return row;
  },

  membershipsOf: (tx: Tx, userId: string): Promise<number> => tx.member.count({ where: { userId } }),

  async addAccount(tx: Tx, account: { id: string; name: string; createdAt: Date }): Promise<void> {
    await tx.account.create({ data: account });
  },

  async account(accountId: string): Promise<StoredAccount | undefined> {
    return (await db.account.findUnique({ where: { id: accountId } })) ?? undefined;
  },

  async rename(accountId: string, name: string): Promise<void> {
    await db.account.updateMany({ where: { id: accountId }, data: { name } });
  },

  /** Every account of the relay, newest first, with how many belong to each. */
  async accounts(after: Place | undefined, limit: number) {
    const rows = await db.account.findMany({
      where: olderThan(after),
      include: { _count: { select: { members: true, sites: true } } },
      orderBy: newestFirst,
      take: limit,
    });
    return rows.map(({ _count, ...account }) => ({ ...account, ..._count }));
  },

  /** Nothing where they belong to it already. */
  async addMember(tx: Tx, accountId: string, userId: string, grant: Grant, createdAt: Date): Promise<void> {
    await tx.member.createMany({ data: { accountId, userId, ...columnsOf(grant), createdAt }, skipDuplicates: true });
  },

  /** False where they do not belong to the account. */
  async changeMember(tx: Tx, accountId: string, userId: string, grant: Grant): Promise<boolean> {
    const { count } = await tx.member.updateMany({ where: { accountId, userId }, data: columnsOf(grant) });
    return count > 0;
  },

  /** False where they do not belong to the account. */
  async removeMember(tx: Tx, accountId: string, userId: string): Promise<boolean> {
    const { count } = await tx.member.deleteMany({ where: { accountId, userId } });
    return count > 0;
  },

  ownersOf: (tx: Tx, accountId: string): Promise<number> => tx.member.count({ where: { accountId, role: 'owner' } }),

  /** The addresses of the owners, each with the account's name. */
  async ownersToTell(tx: Tx, accountId: string) {
    const rows = await tx.member.findMany({
      where: { accountId, role: 'owner' },
      select: { account: { select: { name: true } }, user: { select: { email: true, locale: true } } },
    });
    return rows.map(({ account, user }) => ({ accountName: account.name, ...user }));
  },

  /** Newest first; `id` is the user's. */
  async members(accountId: string, after: Place | undefined, limit: number): Promise<StoredMember[]> {
    const rows = await db.member.findMany({
      where: {
        accountId,
        ...(after && {
          OR: [{ createdAt: { lt: after.at } }, { createdAt: after.at, userId: { lt: after.id } }],
        }),
      },
      include: { user: { select: { name: true, email: true, twoFactorEnabled: true } } },
      orderBy: [{ createdAt: 'desc' }, { userId: 'desc' }],
      take: limit,
    });
    return rows.map(row => ({
      ...grantOf(row),
      id: row.userId,
      name: row.user.name,
      email: row.user.email,
      twoFactor: row.user.twoFactorEnabled ?? false,
      createdAt: row.createdAt,
    }));
  },

  /** Who of the account signs in by this address. */
  async isMember(tx: Tx, accountId: string, email: string): Promise<boolean> {
    return (await tx.member.count({ where: { accountId, user: { email } } })) > 0;
  },

  /** Those of the sites that are the account's. */
  async sitesAmong(accountId: string, siteIds: string[], tx: Tx = db): Promise<Set<string>> {
    const rows = await tx.site.findMany({ where: { accountId, id: { in: siteIds } }, select: { id: true } });
    return new Set(rows.map(({ id }) => id));
  },

  /** An invitation of the address that was there before is void. */
  async invite(tx: Tx, { siteIds, role, ...invitation }: StoredInvitation & { tokenHash: string }): Promise<void> {
    const { accountId, email } = invitation;
    await tx.invitation.deleteMany({ where: { accountId, email } });
    await tx.invitation.create({ data: { ...invitation, ...columnsOf({ role, siteIds }) } });
  },

  /** Those that may still be accepted, newest first. */
  async invitations(accountId: string, now: Date, after: Place | undefined, limit: number) {
    const rows = await db.invitation.findMany({
      where: { accountId, expiresAt: { gt: now }, ...olderThan(after) },
      orderBy: newestFirst,
      take: limit,
    });
    return rows.map(invitationOf);
  },

  /** False where there is no such invitation. */
  async withdraw(accountId: string, id: string): Promise<boolean> {
    const { count } = await db.invitation.deleteMany({ where: { accountId, id } });
    return count > 0;
  },

  /** The invitation, and the account that it is to; nothing where that is gone. */
  async invitationBy(tokenHash: string, now: Date) {
    const row = await db.invitation.findFirst({
      where: {
        tokenHash,
        expiresAt: { gt: now },
        OR: [{ accountId: null }, { account: { deleteAt: null } }, { account: { deleteAt: { gt: now } } }],
      },
      include: { account: { select: { name: true } } },
    });
    return row ? { ...invitationOf(row), accountName: row.account?.name ?? null } : undefined;
  },

  /** Takes the invitation away and gives it to one caller alone, unless their transaction fails. */
  async takeInvitation(tx: Tx, tokenHash: string, now: Date): Promise<StoredInvitation | undefined> {
    const [row] = await tx.$queryRaw<(GrantRow & Omit<StoredInvitation, keyof Grant>)[]>`
      DELETE FROM "Invitation" WHERE "tokenHash" = ${tokenHash} AND "expiresAt" > ${now}::timestamptz
      RETURNING "id"::text AS "id", "accountId"::text AS "accountId", "email", "role", "allSites",
        "siteIds"::text[] AS "siteIds", "createdAt", "expiresAt"`;
    return row && invitationOf(row);
  },

  hasUser: async (email: string): Promise<boolean> => (await db.user.count({ where: { email } })) > 0,

  /** The language of whoever signs in by this address, else of the user who writes to them. */
  async localeFor(email: string, writerId: string): Promise<string> {
    const users = await db.user.findMany({ where: { OR: [{ email }, { id: writerId }] } });
    const reader = users.find(user => user.email === email);
    return reader?.locale ?? users.find(({ id }) => id === writerId)?.locale ?? 'en';
  },

  /** Nothing where the account is gone, as it may be once it was deleted. */
  async addEntry(accountId: string, entry: StoredEntry): Promise<void> {
    const { id, siteId, actorId, actorName, action, details, createdAt } = entry;
    await db.$executeRaw`
      INSERT INTO "AuditEntry" ("accountId", "id", "siteId", "actorId", "actorName", "action", "details", "createdAt")
      SELECT "id", ${id}::uuid, ${siteId}::uuid, ${actorId}::uuid, ${actorName}, ${action},
        ${JSON.stringify(details)}::jsonb, ${createdAt}::timestamptz
      FROM "Account" WHERE "id" = ${accountId}::uuid`;
  },

  /** Newest first. */
  entries: async (accountId: string, filter: AuditFilter, after: Place | undefined, limit: number) =>
    (await db.auditEntry.findMany({
      where: {
        accountId,
        ...(filter.actorId && { actorId: filter.actorId }),
        ...(filter.action && { action: filter.action }),
        AND: [
          { createdAt: { ...(filter.from && { gte: filter.from }), ...(filter.to && { lt: filter.to }) } },
          olderThan(after),
        ],
      },
      orderBy: newestFirst,
      take: limit,
    })) as unknown as StoredEntry[],

  /** Deletes invitations that are too old to accept, and what the audit logs no longer keep. */
  async forget({ now, entriesBefore }: { now: Date; entriesBefore: Date }): Promise<void> {
    await db.invitation.deleteMany({ where: { expiresAt: { lte: now } } });
    await db.auditEntry.deleteMany({ where: { createdAt: { lt: entriesBefore } } });
  },
});

type GrantRow = { role: string; allSites: boolean; siteIds: string[] };

const grantOf = ({ role, allSites, siteIds }: GrantRow): Grant => ({
  role: role as Role,
  siteIds: allSites ? null : siteIds,
});

const columnsOf = ({ role, siteIds }: Grant): GrantRow => ({
  role,
  allSites: siteIds === null,
  siteIds: siteIds ?? [],
});

const invitationOf = ({
  id,
  accountId,
  email,
  createdAt,
  expiresAt,
  ...grant
}: GrantRow & Omit<StoredInvitation, keyof Grant>): StoredInvitation => ({
  ...grantOf(grant),
  id,
  accountId,
  email,
  createdAt,
  expiresAt,
});
