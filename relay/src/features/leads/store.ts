import type { Db, Tx } from '../../db/database.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';

/** What a visitor left, as it is kept. `fields` are those of the form that have no column of their own. */
export type NewLead = {
  id: string;
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
  marketing: boolean;
  createdAt: Date;
};

export type LeadStore = ReturnType<typeof leadStore>;

/** The queries of the leads; those of a data request are in `personal-data.ts`. */
export const leadStore = (db: Db) => ({
  /**
   * Keeps the lead and gives its id; the same one again, newer than `since`, is the one that is there and not new. Who
   * leaves the same address waits here for the end of the other's transaction, in whatever process, and then sees their
   * lead.
   */
  async add(tx: Tx, siteId: string, lead: NewLead, since: Date): Promise<{ id: string; isNew: boolean }> {
    const { kind, name, emailKey, phoneKey, message, fields, callbackAt, marketing } = lead;
    const turnstile = `lead ${siteId} ${emailKey} ${phoneKey}`;
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${turnstile}, 0))`;
    const same = { kind, name, emailKey, phoneKey, message, callbackAt, marketing, fields: { equals: fields } };
    const known = await tx.lead.findFirst({
      where: { siteId, ...same, restrictedAt: null, createdAt: { gt: since } },
      select: { id: true },
    });
    if (known) return { id: known.id, isNew: false };
    await tx.lead.create({ data: { siteId, ...lead } });
    return { id: lead.id, isNew: true };
  },

  find: (siteId: string, id: string) => db.lead.findUnique({ where: { siteId_id: { siteId, id } } }),

  /** Not `update`, which throws where an erasure was quicker. */
  async setDelivered(siteId: string, id: string, externalId: string, deliveredAt: Date): Promise<void> {
    const where = { siteId, id, deliveredAt: null };
    await db.lead.updateMany({ where, data: { externalId, deliveredAt, deliveryFault: null } });
  },

  async setDeliveryFault(siteId: string, id: string, deliveryFault: string): Promise<void> {
    await db.lead.updateMany({ where: { siteId, id, deliveredAt: null }, data: { deliveryFault } });
  },

  /** By id: those that the platform has not taken and that may be told. */
  async undeliveredIds(siteId: string, after: string | undefined, limit: number): Promise<string[]> {
    const leads = await db.lead.findMany({
      where: { siteId, deliveredAt: null, restrictedAt: null, ...(after !== undefined && { id: { gt: after } }) },
      orderBy: { id: 'asc' },
      take: limit,
      select: { id: true },
    });
    return leads.map(({ id }) => id);
  },

  /** Newest first. */
  list: (siteId: string, before: Place | undefined, limit: number) =>
    db.lead.findMany({
      where: { siteId, ...olderThan(before) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    }),
});
