import type { Db, Prisma, Tx } from '../../db/database.ts';
import type { List } from './links.ts';

export type EmailKind = 'transcript' | 'lead' | 'callback' | 'digest' | 'verification' | 'security' | 'late' | 'spend';

export type NewEmail = {
  siteId: string;
  id: string;
  kind: EmailKind;
  locale: string;
  /** The conversations and leads that it tells of. */
  about: string[];
  /** Counts, dates and ids: nothing that a person wrote. */
  details: Details;
  keyId: string;
  ciphertext: Uint8Array<ArrayBuffer>;
  recipientHash: string;
  createdAt: Date;
};

export type Details = {
  /** The address of the site's own that it goes to. */
  addressId?: string;
  /** Of a digest. */
  since?: string;
  until?: string;
  counts?: { leads: number; callbacks: number; unanswered: number };
  leadIds?: string[];
  messageIds?: string[];
  /** Of what does not arrive. */
  late?: { target: string; count: number }[];
  /** Of what is spent. */
  spent?: { period: 'day' | 'month'; percent: number };
};

export type EmailRow = Prisma.EmailGetPayload<object> & { kind: EmailKind; details: Details };
export type AddressRow = Prisma.EmailAddressGetPayload<object> & { unsubscribed: List[] };

export type EmailStore = ReturnType<typeof emailStore>;

/** Every query of the e-mails; those of a data request are in `personal-data.ts`. */
export const emailStore = (db: Db) => ({
  /** False where it is there already: the same cause makes one mail. */
  async add(tx: Tx, email: NewEmail): Promise<boolean> {
    const { count } = await tx.email.createMany({ data: [email], skipDuplicates: true });
    return count > 0;
  },

  find: (siteId: string, id: string) =>
    db.email.findUnique({ where: { siteId_id: { siteId, id } } }) as Promise<EmailRow | null>,

  /** Nobody needs the recipient any more. `about` is what it told of in the end. False where it was erased meanwhile. */
  async sent(
    siteId: string,
    id: string,
    sent: { sentAt: Date; providerId: string | null; about: string[] },
  ): Promise<boolean> {
    const data = { ...sent, keyId: null, ciphertext: null };
    return (await db.email.updateMany({ where: { siteId, id }, data })).count > 0;
  },

  /** It will not be sent. */
  async dropped(siteId: string, id: string): Promise<void> {
    await db.email.updateMany({ where: { siteId, id }, data: { keyId: null, ciphertext: null } });
  },

  /** The mails of a conversation to its visitor, by the hash of whom they went to. */
  async transcriptsOf(tx: Tx, siteId: string, conversationId: string, since: Date): Promise<string[]> {
    const rows = await tx.email.findMany({
      where: { siteId, kind: 'transcript', about: { has: conversationId }, createdAt: { gte: since } },
      select: { recipientHash: true },
    });
    return rows.map(({ recipientHash }) => recipientHash);
  },

  /** One more on this day, unless there were so many: then nothing changes, and it is false. */
  async count(tx: Tx, { hash, kind, day, most }: { hash: string; kind: EmailKind; day: string; most: number }) {
    const changed = await tx.$executeRaw`
      INSERT INTO "EmailCount" ("hash", "kind", "day", "count") VALUES (${hash}, ${kind}, ${day}::date, 1)
      ON CONFLICT ("hash", "kind", "day") DO UPDATE SET "count" = "EmailCount"."count" + 1
        WHERE "EmailCount"."count" < ${most}`;
    return changed > 0;
  },

  async forgetCounts(before: Date): Promise<void> {
    await db.emailCount.deleteMany({ where: { day: { lt: before } } });
  },

  /** Who asks for mails of one conversation, one after the other. */
  async lock(tx: Tx, name: string): Promise<void> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
  },

  async isSuppressed(tx: Tx, hashes: string[]): Promise<boolean> {
    return (await tx.emailSuppression.count({ where: { hash: { in: hashes } } })) > 0;
  },

  async suppress(hashes: string[], reason: string, at: Date): Promise<void> {
    const data = hashes.map(hash => ({ hash, reason, createdAt: at }));
    await db.emailSuppression.createMany({ data, skipDuplicates: true });
  },

  suppressedOf: (hashes: string[]) => db.emailSuppression.findMany({ where: { hash: { in: hashes } } }),

  addresses: (tx: Tx, siteId: string) => tx.emailAddress.findMany({ where: { siteId } }) as Promise<AddressRow[]>,

  addressById: (tx: Tx, siteId: string, id: string) =>
    tx.emailAddress.findUnique({ where: { siteId_id: { siteId, id } } }) as Promise<AddressRow | null>,

  async addAddress(tx: Tx, row: { siteId: string; hash: string; id: string; askedAt: Date }): Promise<void> {
    await tx.emailAddress.create({ data: { ...row, unsubscribed: [] } });
  },

  async asked(tx: Tx, siteId: string, id: string, askedAt: Date): Promise<void> {
    await tx.emailAddress.updateMany({ where: { siteId, id }, data: { askedAt } });
  },

  async removeAddress(tx: Tx, siteId: string, id: string): Promise<void> {
    await tx.emailAddress.deleteMany({ where: { siteId, id } });
  },

  /** The first time counts. */
  async confirm(siteId: string, id: string, at: { confirmedAt: Date; digestDate: string }): Promise<void> {
    await db.emailAddress.updateMany({ where: { siteId, id, confirmedAt: null }, data: at });
  },

  async unsubscribe(siteId: string, id: string, list: List): Promise<void> {
    await db.$executeRaw`
      UPDATE "EmailAddress" SET "unsubscribed" = array_append("unsubscribed", ${list})
      WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid AND NOT ${list} = ANY("unsubscribed")`;
  },

  /** The sites that have somebody to write to, by id, after this one. */
  async siteIds(after: string, limit: number): Promise<string[]> {
    const rows = await db.emailAddress.findMany({
      where: { confirmedAt: { not: null }, siteId: { gt: after } },
      distinct: ['siteId'],
      orderBy: { siteId: 'asc' },
      take: limit,
      select: { siteId: true },
    });
    return rows.map(({ siteId }) => siteId);
  },

  async digested(tx: Tx, { siteId, id }: AddressRow, digestDate: string): Promise<void> {
    await tx.emailAddress.updateMany({ where: { siteId, id }, data: { digestDate } });
  },

  /** The next digest begins where this one would have ended. */
  async restartDigests(tx: Tx, siteId: string, date: string): Promise<void> {
    await tx.emailAddress.updateMany({ where: { siteId }, data: { digestDate: date } });
  },

  /** Those of these mails that nothing is left of, or that tell of something that is gone. */
  async stale(ids: string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const kept = await db.$queryRaw<{ id: string }[]>`
      SELECT email."id"::text AS "id" FROM "Email" email WHERE email."id" = ANY(${ids}::uuid[])
        AND NOT EXISTS (SELECT FROM unnest(email."about") told("id")
          WHERE NOT EXISTS (SELECT FROM "Conversation" c WHERE c."siteId" = email."siteId" AND c."id" = told."id")
            AND NOT EXISTS (SELECT FROM "Lead" l WHERE l."siteId" = email."siteId" AND l."id" = told."id"))`;
    const known = new Set(kept.map(({ id }) => id));
    return ids.filter(id => !known.has(id));
  },
});
