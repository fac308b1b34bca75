import { Prisma, type Tx } from '../../db/database.ts';
import { wordsVector } from '../../db/words.ts';
import { type ContactKeys, contactsIn, mentionsIn, phoneKey, replaceMentions } from '../../lib/contacts.ts';
import type { Live } from '../../live/live.ts';
import { type Consent, handleHashOf } from '../consent/index.ts';
import { type Changes, type Found, mayMention, type PersonalData, type Subject } from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';
import type { Prechat } from './prechat.ts';
import { countBefore, purgeBefore } from './purge-conversations.ts';

/** What the conversations keep of people. A person is found in what the visitor wrote, not in what they were answered. */
export const conversationPersonalData = ({
  consent,
  live,
}: {
  consent: Pick<Consent, 'receiptsOf'>;
  /** Who shows a conversation hears at once that it must not be shown any more. */
  live: Pick<Live, 'tell'>;
}): PersonalData => ({
  name: 'conversations',
  tables: {
    Conversation: {
      data: 'Language, the page the chat began on (without query), its title and referrer, what the visitor answered before the chat where the site asks for something, the hash of the handle in the visitor’s cookie, what ties the consent records to it, the platform’s id of a customer who proved to be one, and who of the team has taken the chat over',
      purpose:
        'Continuing the chat, and giving its visitor their rights; for each answer before the chat the purpose that the site names beside it',
      origin: 'The visitor’s browser, and the visitor, after consent; the platform, for who is signed in there',
      recipients: 'The site’s owner',
      kept: 'conversationDays (365 days unless the site says otherwise); at once when erased',
    },
    Message: {
      data: 'What the visitor wrote and what was answered; of what a person of the team wrote the name they go by; of an answer also how it went, what it cost, which passages of the site’s pages it names, and when the owner has dealt with it',
      purpose: 'Answering, and showing the chat to its visitor and to the site’s owner',
      origin: 'The visitor, after consent; the assistant; people of the team',
      recipients:
        'The site’s owner; the language-model provider that the site chose, for the answer only; OpenAI, which is then shown the site’s pages too, for finding pages by the meaning of a question where the site chose so',
      kept: 'conversationDays (365 days unless the site says otherwise), each message by its own age; at once when erased',
    },
    Presence: {
      data: 'That the visitor has the chat open, and since when',
      purpose: 'Showing the site’s owner who is there to be talked to',
      origin: 'The connection of the visitor’s browser, after consent',
      recipients: 'The site’s owner',
      kept: 'Until seconds after the chat is closed; not at all while the chat is restricted',
    },
  },

  async find(tx, site, { email, phone, externalId, conversationId }): Promise<Found> {
    const ids = new Set<string>();
    const contacts: Found['contacts'] = [];
    if (conversationId) {
      const either = { OR: [{ id: conversationId }, { handleHash: handleHashOf(conversationId) }] };
      const rows = await tx.conversation.findMany({ where: { siteId: site.id, ...either }, select: { id: true } });
      for (const { id } of rows) ids.add(id);
    }
    if (externalId !== undefined) {
      const rows = await tx.conversation.findMany({ where: { siteId: site.id, externalId }, select: { id: true } });
      for (const { id } of rows) ids.add(id);
    }
    if (email || phone) {
      const texts = new Map<string, string[]>();
      for (const { conversationId: id, text } of await mentioning(tx, site.id, { email, phone })) {
        texts.set(id, [...(texts.get(id) ?? []), text]);
      }
      for (const [id, all] of texts) {
        ids.add(id);
        contacts.push(contactsIn(all.join('\n')));
      }
    }
    return { conversationIds: [...ids], contacts };
  },

  async export(tx, site, { conversationIds }) {
    const rows = await tx.conversation.findMany({
      where: { siteId: site.id, id: { in: conversationIds } },
      include: { messages: { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }, presences: { select: { since: true } } },
      orderBy: { createdAt: 'asc' },
    });
    const all: object[] = [];
    for (const {
      messages,
      siteId: _,
      handleHash,
      subjectKey,
      consentSequence,
      costMicros: _sum,
      waiting: _standing,
      limited: _limited,
      answers: _answers,
      takenOverBy: _user,
      takenOverName,
      takenOverAt,
      presences,
      ...conversation
    } of rows) {
      all.push({
        ...conversation,
        ...(takenOverName !== null && { takenOverBy: takenOverName, takenOverAt }),
        ...(presences[0] && { chatOpenSince: presences[0].since }),
        messages: messages.map(exported),
        consents: await consent.receiptsOf(tx, site, { handleHash, subjectKey, consentSequence }),
      });
    }
    return JSON.parse(JSON.stringify(all)) as object[];
  },

  async erase(tx, site, subject) {
    const free = freeOf(subject);
    // Whoever else erases them waits here, and turns wait too, so that each message is counted once.
    await tx.$queryRaw`
      SELECT 1 FROM "Conversation" WHERE "siteId" = ${site.id}::uuid AND "id" = ANY (${free}::uuid[])
      ORDER BY "id" FOR UPDATE`;
    const messages = await tx.message.count({ where: { siteId: site.id, conversationId: { in: free } } });
    const { count } = await tx.conversation.deleteMany({ where: { siteId: site.id, id: { in: free } } });
    for (const id of free) {
      await live.tell(`conversation ${id}`, { type: 'ended' }, tx);
      await live.tell(`site ${site.id}`, { type: 'ended', id }, tx);
    }
    return { conversations: count, messages };
  },

  async rectify(tx, site, subject, changes) {
    const siteId = site.id;
    const rows = await tx.message.findMany({
      where: { siteId, conversationId: { in: freeOf(subject) } },
      select: { conversationId: true, id: true, text: true },
    });
    let messages = 0;
    const prechats = await rectifyPrechats(tx, site, subject, changes);
    for (const { text, ...key } of rows) {
      const corrected = rectified(text, subject, changes);
      if (corrected === text) continue;
      // None, where a purge has taken it meanwhile.
      messages += await tx.$executeRaw`
        UPDATE "Message" SET "text" = ${corrected}, "words" = ${wordsVector(siteId, corrected)}
        WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ${key.conversationId}::uuid AND "id" = ${key.id}::uuid`;
    }
    return { messages, prechats };
  },

  async restrict(tx, site, { conversationIds }, at) {
    const where = { siteId: site.id, id: { in: conversationIds } };
    // Nobody reads it from now on, so nobody answers it in person either.
    const nobody = at && { takenOverBy: null, takenOverName: null, takenOverAt: null };
    const { count } = await tx.conversation.updateMany({ where, data: { restrictedAt: at, ...nobody } });
    if (at) await tx.presence.deleteMany({ where: { siteId: site.id, conversationId: { in: conversationIds } } });
    for (const id of conversationIds) {
      await live.tell(`conversation ${id}`, { type: 'takeover' }, tx);
      await live.tell(`site ${site.id}`, { type: 'conversation', id }, tx);
    }
    return { conversations: count };
  },

  windowDays: ({ retention }) => retention.conversationDays,
  countBefore,
  purgeBefore,
});

/** A message with what is held about it; what there is not of an answer is not named. Of the team, the name they showed. */
function exported({
  siteId: _,
  conversationId: _id,
  clientTurnId: _turn,
  ...message
}: Prisma.MessageGetPayload<object>): object {
  const { products, outcome, passages, costMicros, handledAt, authorId: _user, authorName: author, ...said } = message;
  const costUsd = costMicros && costMicros / 1e6;
  const ofAnswer = Object.entries({ products, outcome, passages, costUsd, handledAt, author });
  return { ...said, ...Object.fromEntries(ofAnswer.filter(([, value]) => value !== null)) };
}

const freeOf = ({ conversationIds, heldConversationIds }: Subject): string[] =>
  conversationIds.filter(id => !heldConversationIds.includes(id));

/**
 * Whose answers they are: the person’s whose address or number stands in them, and the visitor’s, who is known by the
 * conversation alone. There every field of the kind takes what is new; who is merely named in a chat changes nothing.
 */
async function rectifyPrechats(tx: Tx, site: Site, subject: Subject, given: Changes): Promise<number> {
  const { country } = site.settings;
  const changes = { ...given, ...(given.phone && { phone: phoneKey(given.phone, country) ?? given.phone }) };
  const rows = await tx.conversation.findMany({
    where: { siteId: site.id, id: { in: freeOf(subject) }, prechat: { not: Prisma.AnyNull } },
    select: { id: true, prechat: true },
  });
  const isVisitors = subject.email === undefined && subject.phone === undefined;
  let prechats = 0;
  for (const { id, prechat } of rows) {
    const answers = prechat as Prechat;
    if (!isVisitors && !Object.values(answers).some(answer => mentionsIn(answer, subject))) continue;
    const ofKind = (type: 'name' | 'email' | 'phone') =>
      site.settings.prechat.fields.filter(field => field.type === type).map(({ name }) => name);
    const corrected = Object.entries(answers).flatMap(([name, answer]): [string, string][] => {
      for (const kind of isVisitors ? (['name', 'email', 'phone'] as const) : (['name'] as const)) {
        const change = changes[kind];
        if (change === undefined || !ofKind(kind).includes(name)) continue;
        return change === null ? [] : [[name, change]];
      }
      return [[name, rectified(answer, subject, changes)]];
    });
    if (JSON.stringify(corrected) === JSON.stringify(Object.entries(answers))) continue;
    const data = { prechat: corrected.length > 0 ? Object.fromEntries(corrected) : Prisma.DbNull };
    const { count } = await tx.conversation.updateMany({ where: { siteId: site.id, id }, data });
    prechats += count;
  }
  return prechats;
}

/** The old address or number gives way to the new one wherever it stands; a name is nowhere marked as one. */
function rectified(text: string, { email, phone }: ContactKeys, changes: Changes): string {
  let corrected = text;
  for (const [field, key] of Object.entries({ email, phone }) as ['email' | 'phone', string | undefined][]) {
    const change = changes[field];
    if (key === undefined || change === undefined) continue;
    corrected = replaceMentions(corrected, { [field]: key }, change ?? '[removed]').text;
  }
  return corrected;
}

/** What visitors of the site wrote and answered before the chat, and what their pages said, in which the address or the number stands. */
async function mentioning(tx: Tx, siteId: string, keys: ContactKeys) {
  const rows = await tx.$queryRaw<{ conversationId: string; text: string }[]>`
    SELECT "conversationId"::text AS "conversationId", "text" FROM (
      SELECT "conversationId", "text" FROM "Message" WHERE "siteId" = ${siteId}::uuid AND "role" = 'visitor'
      UNION ALL
      SELECT "id", concat_ws(' ', "pageUrl", "pageTitle", "referrer") FROM "Conversation"
      WHERE "siteId" = ${siteId}::uuid
      UNION ALL
      SELECT "id", answer."value" FROM "Conversation" CROSS JOIN LATERAL jsonb_each_text("prechat") answer
      WHERE "siteId" = ${siteId}::uuid
    ) said WHERE ${mayMention(Prisma.sql`"text"`, keys)}`;
  return rows.filter(({ text }) => mentionsIn(text, keys));
}
