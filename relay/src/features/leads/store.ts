import type { Db, Prisma, Tx } from '../../db/database.ts';
import { wordsVector } from '../../db/words.ts';
import type { Place } from '../../lib/cursor.ts';
import { type LeadFilters, listLeads } from './list-leads.ts';

/** What a visitor left, as it is kept. `fields` are those of the form that have no column of their own. */
export type Left = {
  kind: string;
  conversationId: string | null;
  name: string | null;
  email: string | null;
  emailKey: string | null;
  phone: string | null;
  phoneKey: string | null;
  message: string | null;
  fields: Record<string, string>;
  pageUrl: string | null;
  callbackAt: Date | null;
  timezone: string | null;
  /** When the box for marketing was ticked. */
  marketingAt: Date | null;
};

export type LeadRow = Omit<Prisma.LeadGetPayload<object>, 'fields'> & { fields: Record<string, string> };

export type LeadStore = ReturnType<typeof leadStore>;

/** The queries of the leads; those of a data request are in `personal-data.ts`. */
export const leadStore = (db: Db) => ({
  /**
   * Those that the same person may have left, newest first: by one of the keys, in the same conversation, or outside of
   * any and newer than `since`. What was left without storing a chat is never tied to a chat that is stored. Until the transaction ends they stay as they are, and whoever leaves the same address or the same
   * number waits here, in whatever process; always in one order, so that no two wait for each other.
   */
  async ofSamePerson(tx: Tx, siteId: string, left: Left, since: Date): Promise<LeadRow[]> {
    const { emailKey, phoneKey, conversationId } = left;
    const turnstiles = [emailKey, phoneKey].filter(key => key !== null).map(key => `lead ${siteId} ${key}`);
    await tx.$executeRaw`
      SELECT pg_advisory_xact_lock("turnstile") FROM (
        SELECT hashtextextended(name, 0) AS "turnstile" FROM unnest(${turnstiles}::text[]) name ORDER BY 1) sorted`;
    const rows = await tx.$queryRaw<{ id: string }[]>`
      SELECT "id"::text AS "id" FROM "Lead"
      WHERE "siteId" = ${siteId}::uuid AND ("emailKey" = ${emailKey} OR "phoneKey" = ${phoneKey})
        AND "conversationId" IS NOT DISTINCT FROM ${conversationId}::uuid
        AND ("createdAt" > ${since}::timestamptz OR "conversationId" IS NOT NULL)
        AND "restrictedAt" IS NULL
      ORDER BY "id" FOR UPDATE`;
    const leads = await tx.lead.findMany({
      where: { siteId, id: { in: rows.map(({ id }) => id) } },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    });
    return leads as LeadRow[];
  },

  async add(tx: Tx, siteId: string, id: string, left: Left, createdAt: Date): Promise<void> {
    await tx.lead.create({ data: { siteId, id, ...left, createdAt } });
    await setWords(tx, siteId, id);
  },

  async change(tx: Tx, siteId: string, id: string, left: Left): Promise<void> {
    await tx.lead.updateMany({ where: { siteId, id }, data: { ...left, revision: { increment: 1 } } });
    await setWords(tx, siteId, id);
  },

  async setSubjectKey(tx: Tx, siteId: string, id: string, subjectKey: Uint8Array<ArrayBuffer>): Promise<void> {
    await tx.lead.updateMany({ where: { siteId, id }, data: { subjectKey } });
  },

  find: async (siteId: string, id: string) =>
    (await db.lead.findUnique({ where: { siteId_id: { siteId, id } } })) as LeadRow | null,

  /** The first time counts. Not `update`, which throws where an erasure was quicker. */
  async setExternalId(siteId: string, id: string, externalId: string): Promise<void> {
    await db.lead.updateMany({ where: { siteId, id, externalId: null }, data: { externalId } });
  },

  /** Newest first. */
  list: (siteId: string, filters: LeadFilters, before: Place | undefined, limit: number) =>
    listLeads(db, siteId, filters, before, limit),
});

/** What it is found by, as it stands now. Whoever changes what a lead holds calls this after it. */
export async function setWords(tx: Tx, siteId: string, id: string): Promise<void> {
  const select = { name: true, email: true, phone: true, phoneKey: true };
  const lead = await tx.lead.findUnique({ where: { siteId_id: { siteId, id } }, select });
  const text = Object.values(lead ?? {})
    .filter(Boolean)
    .join(' ');
  await tx.$executeRaw`
    UPDATE "Lead" SET "words" = ${wordsVector(siteId, text)} WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid`;
}
