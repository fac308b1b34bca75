import { Prisma, type Tx } from '../../db/database.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Identifiers, PersonalData, Subject } from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';
import { EMAIL } from './queue.ts';

/** How long it stays that a mail was sent. */
const KEPT_DAYS = 30;

type Deps = { keyring: Pick<Keyring, 'hashesOf'> };

/**
 * What is kept of e-mails. A person is known by the keyed hash of the address, and a transcript leads to its conversation.
 * Comes after conversations and leads: a mail goes with what it tells of.
 */
export function emailsPersonalData({ keyring }: Deps): Required<PersonalData> {
  const hashesOf = ({ email }: Identifiers) => (email === undefined ? [] : keyring.hashesOf(email));

  return {
    name: 'emails',
    tables: {
      Email: {
        data: 'That an e-mail is to be sent or was: its kind, what it tells of by id, when; the recipient as a keyed hash, and encrypted until it is sent. Without a provider, the mail itself is a file in the data folder for 7 days',
        purpose: 'Sending the chat that its visitor asked for, and telling the owner what visitors left, each once',
        origin: 'The visitor who asks for the chat; the owner, who names the addresses for notifications',
        recipients: 'The holder of the address; Resend, where the operator chose it, which sends the mail',
        kept: '30 days; at once when what it tells of is erased',
      },
      EmailAddress: {
        data: 'Of the addresses for notifications that stand in the settings: a keyed hash, when they were confirmed, and what they want no more of',
        purpose: 'Writing to nobody who has not agreed',
        origin: 'The owner, and who follows the link in the mail that asks',
        recipients: 'Nobody',
        kept: 'Until the address is taken out of the settings, or erased',
      },
      EmailSuppression: {
        data: 'A keyed hash of each address that sent a mail back or complained, and which of both',
        purpose: 'Sending nothing more there',
        origin: 'Resend',
        recipients: 'Nobody',
        kept: 'For good, also after an erasure: without it the address would be written to again',
      },
      EmailCount: {
        data: 'How many chats and verifications went to an address, or were asked for by a site, on one day, under a keyed hash',
        purpose: 'That nobody can have the relay fill a mailbox',
        origin: 'Counted here',
        recipients: 'Nobody',
        kept: 'Two days, also after an erasure, which would else give another try',
      },
    },

    async find(tx, site, identifiers) {
      const hashes = hashesOf(identifiers);
      if (hashes.length === 0) return { conversationIds: [], contacts: [] };
      const rows = await tx.email.findMany({
        where: { siteId: site.id, kind: 'transcript', recipientHash: { in: hashes } },
        select: { about: true },
      });
      const email = identifiers.email as string;
      return {
        conversationIds: [...new Set(rows.flatMap(({ about }) => about))],
        contacts: rows.map(() => ({ emails: [email], phones: [] })),
      };
    },

    async export(tx, site, subject) {
      const rows = await tx.email.findMany({
        where: of(site, hashesOf(subject), subject.conversationIds),
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        select: { id: true, kind: true, createdAt: true, sentAt: true },
      });
      const addresses = await tx.emailAddress.findMany({ where: { siteId: site.id, hash: { in: hashesOf(subject) } } });
      return [
        ...rows.map(({ createdAt, sentAt, ...mail }) => ({
          ...mail,
          createdAt: createdAt.toISOString(),
          sentAt: sentAt?.toISOString() ?? null,
        })),
        ...addresses.map(({ id, askedAt, confirmedAt, unsubscribed }) => ({
          id,
          kind: 'address',
          createdAt: askedAt.toISOString(),
          sentAt: null,
          confirmedAt: confirmedAt?.toISOString() ?? null,
          unsubscribedFrom: unsubscribed,
        })),
      ];
    },

    async erase(tx, site, subject) {
      const hashes = hashesOf(subject);
      const { conversationIds, heldConversationIds: held } = subject;
      const emails = await remove(
        tx,
        Prisma.sql`email."siteId" = ${site.id}::uuid
          AND (email."recipientHash" = ANY(${hashes}::text[]) OR email."about" && ${conversationIds}::uuid[] OR ${isGone(site.id)})
          AND NOT email."about" && ${held}::uuid[]`,
      );
      const addresses = await tx.emailAddress.deleteMany({ where: { siteId: site.id, hash: { in: hashes } } });
      return { emails, emailAddresses: addresses.count };
    },

    // What was sent cannot be put right, and what waits is made of what stands then.
    rectify: async () => ({ emails: 0 }),

    // Each mail asks what it tells of whether it may.
    restrict: async () => ({ emails: 0 }),

    windowDays: () => KEPT_DAYS,

    async countBefore(tx, siteId, cutoff) {
      const [row] = await tx.$queryRaw<{ emails: number }[]>`
        SELECT count(*)::int AS "emails" FROM "Email" email WHERE ${isOver(siteId, cutoff)}`;
      return { emails: row?.emails ?? 0 };
    },

    async purgeBefore(tx, siteId, cutoff, limit) {
      const some = Prisma.sql`
        SELECT email."id" FROM "Email" email WHERE ${isOver(siteId, cutoff)} ORDER BY email."createdAt" LIMIT ${limit}`;
      return { emails: await remove(tx, Prisma.sql`email."siteId" = ${siteId}::uuid AND email."id" IN (${some})`) };
    },
  };
}

/** With what the outbox knows of them, which nobody could send any more; gives how many. */
async function remove(tx: Tx, which: Prisma.Sql): Promise<number> {
  const [row] = await tx.$queryRaw<{ count: number }[]>`
    WITH "gone" AS (DELETE FROM "Email" email WHERE ${which} RETURNING email."siteId", email."id"),
      "deliveries" AS (
        DELETE FROM "Delivery" USING "gone" WHERE "Delivery"."siteId" = "gone"."siteId"
          AND "Delivery"."target" = ${EMAIL} AND "Delivery"."subjectId" = "gone"."id")
    SELECT count(*)::int AS "count" FROM "gone"`;
  return row?.count ?? 0;
}

const of = (site: Site, hashes: string[], conversationIds: Subject['conversationIds']): Prisma.EmailWhereInput => ({
  siteId: site.id,
  OR: [{ recipientHash: { in: hashes } }, { about: { hasSome: conversationIds } }],
});

/** It told of a lead that was just erased; a digest that waits leaves such a one out. */
const isGone = (siteId: string) => Prisma.sql`
  ((email."kind" <> 'digest' OR email."sentAt" IS NOT NULL) AND EXISTS (
    SELECT FROM unnest(email."about") told("id")
    WHERE NOT EXISTS (SELECT FROM "Conversation" c WHERE c."siteId" = ${siteId}::uuid AND c."id" = told."id")
      AND NOT EXISTS (SELECT FROM "Lead" l WHERE l."siteId" = ${siteId}::uuid AND l."id" = told."id")))`;

const isOver = (siteId: string, cutoff: Date) => Prisma.sql`
  email."siteId" = ${siteId}::uuid AND email."createdAt" < ${cutoff}::timestamptz
  AND NOT EXISTS (SELECT FROM "LegalHold" hold WHERE hold."siteId" = ${siteId}::uuid
    AND hold."conversationId" = ANY(email."about") AND hold."releasedAt" IS NULL)`;
