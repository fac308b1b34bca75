import { Prisma, type Tx } from '../../db/database.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { type ContactKeys, emailKey, phoneKey, replaceMentions } from '../../lib/contacts.ts';
import type { Consent } from '../consent/index.ts';
import {
  type Changes,
  type Identifiers,
  mayMention,
  notHeld,
  type PersonalData,
  type Subject,
} from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';
import { openingOf } from './leads.ts';
import { setWords } from './store.ts';

/** What stands where an address or a number was. */
const REMOVED = '[removed]';

type Deps = {
  outbox: Pick<Outbox, 'changed' | 'erased' | 'forget'>;
  consent: Pick<Consent, 'marketingReceiptsOf'>;
};

/**
 * A lead is a person's who left that address or number, whose customer record the platform made of it, or who left it in
 * one of their conversations. Whom somebody else's lead merely names is taken out of its words; the lead stays, as it is
 * not theirs. Whoever has a lead already follows what happens to it here.
 */
export function leadsPersonalData({ outbox, consent }: Deps): Required<PersonalData> {
  return {
    name: 'leads',
    tables: {
      Lead: {
        data: 'Contact details and what else a visitor filled in: name, e-mail address, phone, message, wished time of a call, zone of the visitor, when the box for marketing was ticked, and what ties the consent record of that to it; the platform’s id of the customer that was made of it',
        purpose: 'Answering the visitor who asked for it',
        origin: 'The visitor, by sending the form; the platform, which gave the id',
        recipients: 'The site’s owner, also in the platform’s list of customers and in the CRMs that the site chose',
        kept: 'The site’s window for leads (365 days unless the site says otherwise)',
      },
      Delivery: {
        data: 'To whom a lead, a message or an e-mail goes, by our ids; how each try ended, in the receiver’s own words without the person’s details; what the receiver knows the person or the message as',
        purpose: 'Handing over each lead once, and having it changed and erased where it went',
        origin: 'The relay; the receiver, which gave the id',
        recipients: 'The site’s owner',
        kept: 'As long as what it is about; of an erased lead until the receiver has erased it too',
      },
    },

    async find(tx, site, identifiers) {
      const { conversationId } = identifiers;
      const leads = await tx.lead.findMany({
        where: of(site, identifiers, conversationId === undefined ? [] : [conversationId]),
        select: { conversationId: true, emailKey: true, phoneKey: true },
      });
      return {
        conversationIds: [...new Set(leads.flatMap(lead => lead.conversationId ?? []))],
        contacts: leads.map(lead => ({
          emails: lead.emailKey === null ? [] : [lead.emailKey],
          phones: lead.phoneKey === null ? [] : [lead.phoneKey],
        })),
      };
    },

    async export(tx, site, subject) {
      const leads = await tx.lead.findMany({
        where: of(site, subject, subject.conversationIds),
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        omit: { siteId: true, emailKey: true, phoneKey: true, revision: true },
      });
      const deliveries = await tx.delivery.findMany({
        where: {
          siteId: site.id,
          subjectId: { in: leads.map(({ id }) => id) },
          NOT: { target: { startsWith: 'event:' } },
        },
        orderBy: { target: 'asc' },
        select: { subjectId: true, target: true, deliveredAt: true, externalId: true },
      });
      const all: object[] = [];
      for (const { createdAt, callbackAt, restrictedAt, marketingAt, subjectKey, ...lead } of leads) {
        all.push({
          ...lead,
          marketing: marketingAt !== null,
          callbackAt: callbackAt?.toISOString() ?? null,
          createdAt: createdAt.toISOString(),
          restrictedAt: restrictedAt?.toISOString() ?? null,
          deliveries: deliveries
            .filter(({ subjectId }) => subjectId === lead.id)
            .map(({ target, deliveredAt, externalId }) => ({
              target,
              deliveredAt: deliveredAt?.toISOString() ?? null,
              externalId,
            })),
          consents: subjectKey ? await consent.marketingReceiptsOf(tx, site, openingOf(lead.id, subjectKey)) : [],
        });
      }
      return all;
    },

    async erase(tx, site, subject) {
      const ids = idsOf(await tx.lead.findMany({ where: ofUnheld(site, subject), select: { id: true } }));
      const { count } = await tx.lead.deleteMany({ where: { siteId: site.id, id: { in: ids } } });
      await outbox.erased(tx, site.id, ids);
      return { leads: count, leadMentions: await reword(tx, site, subject, { email: null, phone: null }) };
    },

    async rectify(tx, site, subject, changes) {
      const leads = await tx.lead.findMany({ where: ofUnheld(site, subject) });
      for (const lead of leads) {
        const known = {
          email: subject.email ?? lead.emailKey ?? undefined,
          phone: subject.phone ?? lead.phoneKey ?? undefined,
        };
        const details = {
          ...(changes.name !== undefined && { name: changes.name }),
          // Another address than the one that is changed stays what it is.
          ...(changes.email !== undefined && isOneOf(lead.emailKey, known.email) && emailColumns(changes.email)),
          ...(changes.phone !== undefined && isOneOf(lead.phoneKey, known.phone) && phoneColumns(changes.phone, site)),
        };
        const words = reworded(lead, known, changes) ?? {};
        await change(tx, site, lead.id, { ...words, ...details });
      }
      return { leads: leads.length, leadMentions: await reword(tx, site, subject, changes) };
    },

    async restrict(tx, site, subject, at) {
      const where = of(site, subject, subject.conversationIds);
      const held = await tx.lead.findMany({
        where: { AND: [where, { restrictedAt: { not: null } }] },
        select: { id: true },
      });
      const { count } = await tx.lead.updateMany({ where, data: { restrictedAt: at } });
      // While it was restricted nobody was handed anything of it.
      if (at === null) await outbox.changed(tx, site.id, idsOf(held));
      return { leads: count };
    },

    windowDays: settings => settings.retention.leadDays,

    async countBefore(tx, siteId, cutoff) {
      const [row] = await tx.$queryRaw<{ leads: number }[]>`
      SELECT count(*)::int AS "leads" FROM "Lead" lead WHERE ${isOver(siteId, cutoff)}`;
      return { leads: row?.leads ?? 0 };
    },

    async purgeBefore(tx, siteId, cutoff, limit) {
      const gone = await tx.$queryRaw<{ id: string }[]>`
      DELETE FROM "Lead" WHERE "siteId" = ${siteId}::uuid AND "id" IN (
        SELECT lead."id" FROM "Lead" lead WHERE ${isOver(siteId, cutoff)} ORDER BY lead."createdAt" LIMIT ${limit})
      RETURNING "id"::text AS "id"`;
      if (gone.length > 0) await outbox.forget(tx, siteId, idsOf(gone));
      return { leads: gone.length };
    },
  };

  /** Puts the words in their place, and has everybody who has the lead follow. */
  async function change(tx: Tx, site: Site, id: string, data: Prisma.LeadUpdateManyMutationInput): Promise<void> {
    if (Object.keys(data).length === 0) return;
    // Not `update`, which throws where a purge was quicker.
    await tx.lead.updateMany({ where: { siteId: site.id, id }, data: { ...data, revision: { increment: 1 } } });
    await setWords(tx, site.id, id);
    await outbox.changed(tx, site.id, [id]);
  }

  /** Replaces the person’s address and number in the words of every lead that is not held; gives the number of leads. */
  async function reword(tx: Tx, site: Site, { email, phone }: Identifiers, changes: Changes): Promise<number> {
    let count = 0;
    for (const lead of await naming(tx, site, { email, phone })) {
      const words = reworded(lead, { email, phone }, changes);
      if (!words) continue;
      await change(tx, site, lead.id, words);
      count += 1;
    }
    return count;
  }
}

const idsOf = (leads: { id: string }[]): string[] => leads.map(({ id }) => id);

type Words = { name: string | null; message: string | null; fields: Prisma.JsonValue };
type LeadWords = Words & { id: string };

/** The leads of a person. Of nobody, where nothing is known. */
function of(site: Site, { email, phone, externalId }: Identifiers, conversationIds: string[]): Prisma.LeadWhereInput {
  return {
    siteId: site.id,
    OR: [
      ...(email === undefined ? [] : [{ emailKey: email }]),
      ...(phone === undefined ? [] : [{ phoneKey: phone }]),
      ...(externalId === undefined ? [] : [{ externalId }]),
      { conversationId: { in: conversationIds } },
    ],
  };
}

const ofUnheld = (site: Site, subject: Subject): Prisma.LeadWhereInput => ({
  AND: [
    of(site, subject, subject.conversationIds),
    // SQL's NOT IN would be true for no lead without a conversation.
    { OR: [{ conversationId: null }, { conversationId: { notIn: subject.heldConversationIds } }] },
  ],
});

const isOver = (siteId: string, cutoff: Date) => Prisma.sql`
  lead."siteId" = ${siteId}::uuid AND lead."createdAt" < ${cutoff}::timestamptz
  AND ${notHeld(siteId, Prisma.sql`lead."conversationId"`)}`;

const isOneOf = (key: string | null, known: string | undefined) => (key ?? undefined) === known;

const emailColumns = (email: string | null) => ({ email, emailKey: email && (emailKey(email) ?? null) });

const phoneColumns = (phone: string | null, site: Site) => ({
  phone,
  phoneKey: phone && (phoneKey(phone, site.settings.country) ?? null),
});

/** The words with the new details in the place of the old ones; nothing where they name neither. */
function reworded(lead: Words, known: ContactKeys, { email, phone }: Changes) {
  let count = 0;
  const inText = (text: string) => {
    let result = text;
    for (const [keys, change] of [
      [{ email: known.email }, email],
      [{ phone: known.phone }, phone],
    ] as const) {
      if (change === undefined) continue;
      const replaced = replaceMentions(result, keys, change ?? REMOVED);
      result = replaced.text;
      count += replaced.count;
    }
    return result;
  };
  const words = {
    name: lead.name && inText(lead.name),
    message: lead.message && inText(lead.message),
    fields: Object.fromEntries(Object.entries(lead.fields as Record<string, string>).map(([k, v]) => [k, inText(v)])),
  };
  return count > 0 ? words : undefined;
}

/** The leads that nothing holds and that may name the address or the number. */
async function naming(tx: Tx, site: Site, keys: ContactKeys): Promise<LeadWords[]> {
  if (keys.email === undefined && keys.phone === undefined) return [];
  return tx.$queryRaw<LeadWords[]>`
    SELECT "id"::text AS "id", "name", "message", "fields" FROM (
      SELECT *, concat_ws(' ', lead."name", lead."message", lead."fields"::text) AS "said" FROM "Lead" lead
      WHERE lead."siteId" = ${site.id}::uuid AND ${notHeld(site.id, Prisma.sql`lead."conversationId"`)}
    ) lead WHERE ${mayMention(Prisma.sql`"said"`, keys)}`;
}
