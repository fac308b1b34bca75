import type { LeadCreated, LeadItem, LeadKind, LeadPage, LeadRequest } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { AppError } from '../../lib/app-error.ts';
import { emailKey, phoneKey } from '../../lib/contacts.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import { pageAddress } from '../../lib/page-address.ts';
import type { Site } from '../sites/index.ts';
import { LEAD_CREATED } from './jobs.ts';
import type { LeadStore } from './store.ts';

/** Who sends the same form again within this time has pressed the button twice, or lost the answer. */
const SAME_WITHIN_MS = 60 * 60 * 1_000;

/** As many leads are read at once, where all of a site are looked through. */
const DELIVER_PAGE = 500;

export type Leads = ReturnType<typeof createLeads>;

type Deps = {
  db: Db;
  store: LeadStore;
  conversationOf: (site: Site, handle: string) => Promise<{ id: string } | null>;
  /** Whether the conversation is there, and then stays until the transaction ends. */
  keepsConversation: (tx: Tx, siteId: string, id: string) => Promise<boolean>;
  jobs: Pick<Jobs, 'enqueue' | 'wake'>;
  now: () => Date;
};

export function createLeads({ db, store, conversationOf, keepsConversation, jobs, now }: Deps) {
  return {
    /**
     * Keeps what a visitor left, and gives its id; the same once more within an hour is the same lead. Throws 400 where
     * nobody could be reached by it, and 404 `conversation_not_found`.
     */
    async take(site: Site, request: LeadRequest): Promise<string> {
      const fields = checkedFields(request.fields, site.settings.country);
      const createdAt = now();
      const handle = request.conversationId;
      const conversation = handle === undefined ? undefined : await conversationOf(site, handle);
      if (conversation === null) throw notFound();
      const lead = {
        ...fields,
        id: uuidv7(),
        kind: request.kind,
        conversationId: conversation?.id ?? null,
        pageUrl: (request.page && pageAddress(request.page.url)) || null,
        callbackAt: request.callbackAt === undefined ? null : new Date(request.callbackAt),
        // Where the form has no such box, nobody has ticked it.
        marketing: site.settings.features.marketing && request.marketing === true,
        createdAt,
      };
      const since = new Date(createdAt.getTime() - SAME_WITHIN_MS);
      // A site that no plugin has connected has nobody to tell.
      const isHeard = site.platform !== null;
      const leadId = await inTransaction(db, async tx => {
        // An erasure of the conversation waits for us, or we find it done: no lead of it comes after.
        if (conversation && !(await keepsConversation(tx, site.id, conversation.id))) throw notFound();
        const { id, isNew } = await store.add(tx, site.id, lead, since);
        // With the lead or not at all: none is told of that was not kept, and none that was kept is forgotten.
        if (isNew && isHeard) await jobs.enqueue(LEAD_CREATED, { siteId: site.id, leadId: id }, { key: id, tx });
        return id;
      });
      if (isHeard) await jobs.wake(LEAD_CREATED);
      return leadId;
    },

    /** What the site's owner is told of a lead as it stands now; nothing where it is erased or restricted. */
    async createdEvent(siteId: string, leadId: string): Promise<LeadCreated | undefined> {
      const lead = await store.find(siteId, leadId);
      if (!lead || lead.restrictedAt !== null) return undefined;
      const { id, restricted: _, delivery: __, ...told } = listed(lead);
      return { type: 'lead.created', timestamp: told.createdAt, data: { siteId, leadId: id, ...told } };
    },

    /** The lead where it is still to be brought to the platform's customers: not erased, restricted or there already. */
    async undelivered(siteId: string, leadId: string): Promise<UndeliveredLead | undefined> {
      const lead = await store.find(siteId, leadId);
      return lead && lead.restrictedAt === null && lead.deliveredAt === null ? lead : undefined;
    },

    /** Notes as whom the platform knows the person; the first time counts. */
    setDelivered: (siteId: string, leadId: string, externalId: string) =>
      store.setDelivered(siteId, leadId, externalId, now()),

    /** Notes in one word why the platform has not taken it (yet). */
    setDeliveryFault: (siteId: string, leadId: string, fault: string) => store.setDeliveryFault(siteId, leadId, fault),

    /** Has every lead brought to its owner that was not taken yet; for when what was in the way may be gone. */
    async deliverAgain(siteId: string): Promise<void> {
      for (let after: string | undefined; ; ) {
        const ids = await store.undeliveredIds(siteId, after, DELIVER_PAGE);
        for (const leadId of ids) await jobs.enqueue(LEAD_CREATED, { siteId, leadId }, { key: leadId });
        if (ids.length < DELIVER_PAGE) return;
        after = ids.at(-1);
      }
    },

    /** What was left, newest first. Throws 400 for a cursor that is none. */
    async list(site: Site, { cursor, limit }: { cursor?: string | undefined; limit: number }): Promise<LeadPage> {
      const rows = await store.list(site.id, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return {
        items: page.map(listed),
        nextCursor,
      };
    },
  };
}

const notFound = () => new AppError('conversation_not_found', 'This conversation is not stored (any more).');

/** The form as it is kept: a blank field is none, and the address and the number have their normal form beside them. */
function checkedFields(typed: LeadRequest['fields'], country: string | null) {
  const given = Object.entries(typed).filter(([, value]) => value !== undefined && value.trim() !== '');
  const { name, email, phone, message, ...fields } = Object.fromEntries(given) as Record<string, string>;
  const keys = {
    emailKey: email === undefined ? null : (emailKey(email) ?? null),
    phoneKey: phone === undefined ? null : (phoneKey(phone, country) ?? null),
  };
  const errors = [];
  if (email === undefined && phone === undefined) {
    errors.push({ path: 'fields', message: 'needs an e-mail address or a phone number, so that somebody can answer' });
  }
  if (email !== undefined && keys.emailKey === null) {
    errors.push({ path: 'fields.email', message: 'is not an e-mail address such as name@example.com' });
  }
  if (phone !== undefined && keys.phoneKey === null) {
    const hint = country ? '' : '; begin it with + and the country code';
    errors.push({ path: 'fields.phone', message: `is not a phone number${hint}` });
  }
  const [first] = errors;
  if (first) throw new AppError('validation_failed', `"${first.path}" ${first.message}.`, { errors });
  return { name: name ?? null, email: email ?? null, phone: phone ?? null, message: message ?? null, fields, ...keys };
}

type LeadRow = Awaited<ReturnType<LeadStore['list']>>[number];

/** What the platform's list of customers is told of a lead. */
export type UndeliveredLead = Pick<
  LeadRow,
  'id' | 'kind' | 'name' | 'emailKey' | 'phoneKey' | 'message' | 'callbackAt' | 'marketing' | 'createdAt'
>;

function listed(lead: LeadRow): LeadItem {
  const { id, conversationId, restrictedAt, name, email, phone, message, fields, pageUrl, callbackAt } = lead;
  const shown = { name, email, phone, message, fields: fields as Record<string, string>, pageUrl };
  const hidden = { name: null, email: null, phone: null, message: null, fields: {}, pageUrl: null };
  return {
    id,
    kind: lead.kind as LeadKind,
    createdAt: lead.createdAt.toISOString(),
    restricted: restrictedAt !== null,
    conversationId,
    ...(restrictedAt === null ? shown : hidden),
    callbackAt: restrictedAt === null ? (callbackAt?.toISOString() ?? null) : null,
    marketing: restrictedAt === null && lead.marketing,
    delivery: { deliveredAt: lead.deliveredAt?.toISOString() ?? null, fault: lead.deliveryFault },
  };
}
