import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { LeadCreated, LeadItem, LeadKind, LeadPage, LeadRequest } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { AppError } from '../../lib/app-error.ts';
import { emailKey, phoneKey } from '../../lib/contacts.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import { pageAddress } from '../../lib/page-address.ts';
import type { CrmLead } from '../../providers/crm/crm.ts';
import type { Consent } from '../consent/index.ts';
import type { Conversations, PrechatContent } from '../conversations/index.ts';
import type { Site, Sites } from '../sites/index.ts';
import { checkedForm } from './checked-form.ts';
import { deliveryOf } from './deliveries.ts';
import type { LeadFilters } from './list-leads.ts';
import { fits, isSamePerson, joined } from './same-person.ts';
import type { LeadRow, LeadStore, Left } from './store.ts';

/** Who sends a form again within this time has pressed the button twice, lost the answer, or says more. */
const SAME_WITHIN_MS = 60 * 60 * 1_000;

export type Leads = ReturnType<typeof createLeads>;

type Deps = {
  db: Db;
  store: LeadStore;
  sites: Pick<Sites, 'byId'>;
  conversations: Pick<Conversations, 'look' | 'readById'>;
  /** Whether the conversation is there, and then stays until the transaction ends. */
  keepsConversation: (tx: Tx, siteId: string, id: string) => Promise<boolean>;
  /** What was answered before a conversation, which then stays until the transaction ends; nothing while restricted. */
  prechatOf: (tx: Tx, siteId: string, id: string) => Promise<PrechatContent | undefined>;
  consent: Pick<Consent, 'agreeToMarketing'>;
  outbox: Pick<Outbox, 'add' | 'emit' | 'changed' | 'wake' | 'of' | 'on'>;
  count: (siteId: string, name: 'leads') => void;
  now: () => Date;
};

export function createLeads(deps: Deps) {
  const { db, store, sites, conversations, keepsConversation, prechatOf, consent, outbox, count, now } = deps;

  outbox.on('prechat.answered', ({ siteId, subjectId }) => takePrechat(siteId, subjectId));

  return {
    /**
     * Keeps what a visitor left, and gives the id of the lead: the same once more, or more of the same person, within an
     * hour or in the same stored conversation is the same lead. Throws 400 in words for the visitor where nobody could
     * be reached by it, and 404 `conversation_not_found`.
     */
    async take(site: Site, request: LeadRequest): Promise<string> {
      const at = now();
      const form = checkedForm(request, site.settings.country, at);
      const handle = request.conversationId;
      const conversation = handle === undefined ? undefined : await conversations.look(site, handle);
      if (conversation === null) throw notFound();
      const left: Left = {
        ...form,
        kind: request.kind,
        conversationId: conversation?.id ?? null,
        pageUrl: (request.page && pageAddress(request.page.url)) || null,
        timezone: request.timezone ?? null,
        // Where the form has no such box, nobody has ticked it.
        marketingAt: site.settings.features.marketing && request.marketing === true ? at : null,
      };
      // As it stands now, and not seconds ago: a CRM that the owner has just chosen gets this lead.
      const current = (await sites.byId(site.id)) ?? site;
      const { leadId, isNew } = await inTransaction(db, async tx => {
        // An erasure of the conversation waits for us, or we find it done: no lead of it comes after.
        if (conversation && !(await keepsConversation(tx, site.id, conversation.id))) throw notFound();
        return keep(tx, current, left, { at, join: known => joined(known, left), locale: request.locale });
      });
      if (isNew) count(site.id, 'leads');
      outbox.wake();
      return leadId;
    },

    /** The lead, `held` where the person has restricted its use, nothing where it is gone. */
    details,

    /** What a CRM is told of a lead as it stands now; `held` where that is restricted, nothing where it is gone. */
    async crmLead(siteId: string, leadId: string): Promise<CrmLead | 'held' | undefined> {
      const lead = await details(siteId, leadId);
      if (!lead || lead === 'held') return lead;
      return {
        key: lead.id,
        kind: lead.kind as LeadKind,
        createdAt: lead.createdAt,
        name: lead.name,
        email: lead.emailKey,
        phone: lead.phoneKey,
        message: lead.message,
        callbackAt: lead.callbackAt,
        timezone: lead.timezone,
        pageUrl: lead.pageUrl,
        marketing: lead.marketingAt !== null,
        fields: lead.fields,
        transcript: await transcriptOf(siteId, lead.conversationId),
      };
    },

    /** What the site's owner is told of a new lead as it stands now; nothing where it is erased or restricted. */
    async createdEvent(siteId: string, leadId: string): Promise<LeadCreated | undefined> {
      const lead = await details(siteId, leadId);
      if (!lead || lead === 'held') return undefined;
      const { restricted: _, ...data } = briefOf(siteId, lead);
      return { type: 'lead.created', timestamp: data.createdAt, data };
    },

    /** The same with a word whether it is restricted: then nothing of what the visitor wrote. Nothing where it is gone. */
    async briefOf(siteId: string, leadId: string): Promise<LeadBrief | undefined> {
      const lead = await store.find(siteId, leadId);
      return lead ? briefOf(siteId, lead) : undefined;
    },

    /** Notes as whom the site's platform knows the person; the first time counts. */
    setExternalId: store.setExternalId,

    /** What was left, newest first, each with where it stands on its way. Throws 400 for a cursor that is none. */
    async list(
      site: Site,
      { cursor, limit, ...filters }: { cursor?: string | undefined; limit: number } & LeadFilters,
    ): Promise<LeadPage> {
      const rows = await store.list(site.id, filters, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      const deliveries = await outbox.of(
        site.id,
        page.map(({ id }) => id),
      );
      return {
        items: page.map(lead => ({ ...listed(lead), deliveries: (deliveries.get(lead.id) ?? []).map(deliveryOf) })),
        nextCursor,
      };
    },
  };

  async function details(siteId: string, leadId: string): Promise<LeadDetails | 'held' | undefined> {
    const lead = await store.find(siteId, leadId);
    if (!lead) return undefined;
    return lead.restrictedAt === null ? lead : 'held';
  }

  /** Makes a lead of what was answered before a chat; done again, it is the same lead. What was left since wins. */
  async function takePrechat(siteId: string, conversationId: string): Promise<void> {
    const site = await sites.byId(siteId);
    if (!site) return;
    const kept = await inTransaction(db, async tx => {
      const said = await prechatOf(tx, siteId, conversationId);
      const left = said && leftBefore(site, conversationId, said);
      return left && keep(tx, site, left, { at: said.createdAt, join: known => joined(left, known) });
    });
    if (kept?.isNew) count(siteId, 'leads');
    outbox.wake();
  }

  type How = { at: Date; join: (known: Left) => Left; locale?: string | undefined };

  /** As a new lead, or as more of one that is there. With all that follows from it, or not at all. */
  async function keep(
    tx: Tx,
    site: Site,
    left: Left,
    { at, join, locale }: How,
  ): Promise<{ leadId: string; isNew: boolean }> {
    const since = new Date(now().getTime() - SAME_WITHIN_MS);
    const others = await store.ofSamePerson(tx, site.id, left, since);
    const known = others.find(lead => isSamePerson(lead, left) && fits(join(leftOf(lead))));
    if (!known) {
      const id = uuidv7();
      await store.add(tx, site.id, id, left, at);
      if (left.marketingAt) await agree(tx, site, id, locale, left.marketingAt);
      await outbox.add(
        tx,
        targetsOf(site).map(target => ({ siteId: site.id, target, subjectId: id })),
      );
      await outbox.emit(tx, { siteId: site.id, type: 'lead.created', subjectId: id });
      return { leadId: id, isNew: true };
    }
    const before = leftOf(known);
    const after = join(before);
    if (isDeepStrictEqual(after, before)) return { leadId: known.id, isNew: false };
    await store.change(tx, site.id, known.id, after);
    if (after.marketingAt && !before.marketingAt) await agree(tx, site, known.id, locale, after.marketingAt);
    await outbox.changed(tx, site.id, [known.id]);
    // Somebody who wrote before and now wants a call is news to the owner.
    if (after.kind !== before.kind)
      await outbox.emit(tx, { siteId: site.id, type: 'lead.changed', subjectId: known.id });
    return { leadId: known.id, isNew: false };
  }

  /** Keeps the proof. Its opening is the lead's own, so that it is nobody's any more once the lead is erased. */
  async function agree(tx: Tx, site: Site, leadId: string, locale: string | undefined, at: Date): Promise<void> {
    const subjectKey = new Uint8Array(randomBytes(32));
    await store.setSubjectKey(tx, site.id, leadId, subjectKey);
    await consent.agreeToMarketing(tx, site, { locale, opening: openingOf(leadId, subjectKey), at });
  }

  /** What was said, where the site wants it with the lead and keeps it. */
  async function transcriptOf(siteId: string, conversationId: string | null): Promise<string | null> {
    const site = conversationId === null ? undefined : await sites.byId(siteId);
    if (!site?.settings.crm.transcript || conversationId === null) return null;
    const conversation = await conversations.readById(site, conversationId).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'conversation_not_found') return undefined;
      throw error;
    });
    const said = conversation?.messages.filter(({ text }) => text !== '') ?? [];
    return said.map(({ role, author, text }) => `${author ?? SPEAKERS[role]}: ${text}`).join('\n\n') || null;
  }
}

const SPEAKERS = { visitor: 'Visitor', assistant: 'Assistant', agent: 'Agent' } as const;

const notFound = () => new AppError('conversation_not_found', 'This conversation is not stored (any more).');

/** Whom the leads of a site go to: the platform that it is connected to, and the CRMs that it chose. */
export function targetsOf({ isConnected, platform, settings }: Site): string[] {
  return [...(isConnected && platform !== null ? [platform] : []), ...settings.crm.connectors];
}

/** What ties the consent record of a lead to it; see the consent log's subjects. */
export const openingOf = (leadId: string, subjectKey: Uint8Array) => ({ handleHash: `lead ${leadId}`, subjectKey });

/** What was answered before a chat, as if it were a form; nothing where nobody could be reached by it. */
function leftBefore(site: Site, conversationId: string, { answers, pageUrl }: PrechatContent): Left | undefined {
  const types = new Map(site.settings.prechat.fields.map(({ name, type }) => [name, type]));
  const rest = new Map(Object.entries(answers));
  const take = (isIt: (name: string) => boolean): string | null => {
    const name = [...rest.keys()].find(isIt);
    const answer = name === undefined ? undefined : rest.get(name);
    if (name !== undefined) rest.delete(name);
    return answer ?? null;
  };
  const [email, phone, name] = (['email', 'phone', 'name'] as const).map(type => take(of => types.get(of) === type));
  const keys = {
    emailKey: (email && emailKey(email)) || null,
    phoneKey: (phone && phoneKey(phone, site.settings.country)) || null,
  };
  if (keys.emailKey === null && keys.phoneKey === null) return undefined;
  return {
    ...{ kind: 'lead', conversationId, name: name ?? null, email: email ?? null, phone: phone ?? null, ...keys },
    message: take(of => of === 'message'),
    fields: Object.fromEntries(rest),
    ...{ pageUrl: pageUrl || null, callbackAt: null, timezone: null, marketingAt: null },
  };
}

/** A lead that may be handed on. */
export type LeadDetails = LeadRow;

type LeadBrief = LeadCreated['data'] & { restricted: boolean };

function briefOf(siteId: string, lead: LeadRow): LeadBrief {
  const { id, ...told } = listed(lead);
  return { siteId, leadId: id, ...told };
}

function leftOf({
  id: _,
  siteId: __,
  subjectKey,
  externalId,
  revision,
  createdAt,
  restrictedAt,
  ...left
}: LeadRow): Left {
  return left;
}

function listed(lead: LeadRow): Omit<LeadItem, 'deliveries'> {
  const { id, conversationId, restrictedAt, name, email, phone, message, fields, pageUrl, timezone } = lead;
  const shown = { name, email, phone, message, fields, pageUrl, timezone };
  const hidden = { name: null, email: null, phone: null, message: null, fields: {}, pageUrl: null, timezone: null };
  return {
    id,
    kind: lead.kind as LeadKind,
    createdAt: lead.createdAt.toISOString(),
    restricted: restrictedAt !== null,
    conversationId,
    ...(restrictedAt === null ? shown : hidden),
    callbackAt: restrictedAt === null ? (lead.callbackAt?.toISOString() ?? null) : null,
    marketing: restrictedAt === null && lead.marketingAt !== null,
  };
}
