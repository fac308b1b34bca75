import type { OwnedConversation } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Conversations } from '../conversations/index.ts';
import type { Leads } from '../leads/index.ts';
import type { Site } from '../sites/index.ts';
import { CONFIRM_DAYS } from './addresses.ts';
import { oneLine, withoutLinks } from './harmless.ts';
import { type List, tokenOf } from './links.ts';
import type { EmailKind, EmailRow } from './store.ts';
import type { Field, Frame, Rendered } from './templates/index.ts';
import { type Words, wordsFor } from './words/index.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Mail programs show about so much of a message, and hide the rest. */
const TRANSCRIPT_MAX = 40_000;
const MESSAGE_MAX = 500;
const LINE_MAX = 200;

/** Which list a mail belongs to, and so what its link ends; the others are sent for their own sake. */
export const listOf: Partial<Record<EmailKind, List>> = {
  lead: 'leads',
  callback: 'leads',
  digest: 'digest',
  late: 'alerts',
  spend: 'alerts',
};

const TARGETS: Record<string, string> = {
  hubspot: 'HubSpot',
  salesforce: 'Salesforce',
  pipedrive: 'Pipedrive',
  klaviyo: 'Klaviyo',
  zoho: 'Zoho',
  wordpress: 'WordPress',
  shopify: 'Shopify',
};

/** A mail as it stands at this moment; `about` is what it tells of. */
export type Composed = Rendered & { subject: string; headers: Record<string, string>; about: string[] };

type Deps = {
  keyring: Pick<Keyring, 'signLink'>;
  leads: Pick<Leads, 'briefOf'>;
  conversations: Pick<Conversations, 'readById' | 'unanswered'>;
  /** Where the links of a mail lead. */
  relayOrigin: () => string;
};

/** Puts e-mails together from what stands in the database when they are sent. */
export function createComposer({ keyring, leads, conversations, relayOrigin }: Deps) {
  /** Nothing where what it would tell of is gone or restricted. The same each time, while that stays as it is. */
  return async function compose(site: Site, email: EmailRow): Promise<Composed | undefined> {
    // Much of React, which a relay that sends nothing has no use for.
    const templates = await import('./templates/index.ts');
    const { words, lang } = wordsFor(email.locale);
    const name = oneLine(site.settings.name);
    const { timezone } = site.settings;
    const unsubscribeUrl = unsubscribing(site, email);
    const frame: Frame = { lang, words, site: name, unsubscribeUrl };
    const { details } = email;
    const headers = {
      // Nobody's holiday note shall answer a machine (RFC 3834).
      'Auto-Submitted': 'auto-generated',
      ...(unsubscribeUrl && {
        'List-Unsubscribe': `<${unsubscribeUrl}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      }),
    };
    const mail = (subject: string, rendered: Rendered, about: string[] = []): Composed => ({
      ...rendered,
      subject: oneLine(subject, 150),
      headers,
      about,
    });

    switch (email.kind) {
      case 'transcript': {
        const [id = ''] = email.about;
        const conversation = await readConversation(site, id);
        if (!conversation) return undefined;
        const { said, isCut } = saidIn(conversation, words, timeIn(lang, timezone));
        if (!said.some(({ isVisitor }) => !isVisitor)) return undefined;
        const date = dateIn(lang, timezone)(conversation.createdAt);
        return mail(words.transcript.subject(name), await templates.transcriptMail(frame, date, said, isCut), [id]);
      }
      case 'lead':
      case 'callback': {
        const [id = ''] = email.about;
        const lead = await leads.briefOf(site.id, id);
        if (!lead || lead.restricted) return undefined;
        const { title, intro, subject } = words[email.kind];
        const fields = fieldsOf(site, lead, { words, lang }, Number.POSITIVE_INFINITY);
        const hasLinks = fields.some(([, value]) => value.includes(words.transcript.link));
        return mail(subject(name), await templates.leadMail(frame, { title, intro: intro(name), fields, hasLinks }), [
          id,
        ]);
      }
      case 'digest':
        return composeDigest();
      case 'verification': {
        const { title, lines, link, subject } = words.verification;
        const until = email.createdAt.getTime() + CONFIRM_DAYS * DAY_MS;
        const token = tokenOf(keyring, { siteId: site.id, id: details.addressId ?? '', for: 'confirm', until });
        const action = { url: `${relayOrigin()}/emails/confirm?token=${token}`, label: link };
        return mail(subject(name), await templates.noticeMail(frame, { title, lines: lines(name), action }));
      }
      case 'security': {
        const { title, lines, subject } = words.security;
        return mail(subject(name), await templates.noticeMail(frame, { title, lines: lines(name) }));
      }
      case 'late': {
        const { title, lines, subject, webhook, waiting } = words.late;
        const items = (details.late ?? []).map(
          ({ target, count }): Field => [TARGETS[target] ?? webhook, waiting(count)],
        );
        return mail(subject(name), await templates.noticeMail(frame, { title, lines: lines(name), items }));
      }
      case 'spend': {
        const { period, percent } = details.spent ?? { period: 'day', percent: 0 };
        const { title, subject, next, reached } = words.spend;
        const lines = [words.spend[period], percent < 100 ? next : reached];
        return mail(subject(name, percent), await templates.noticeMail(frame, { title: title(percent), lines }));
      }
    }

    async function composeDigest(): Promise<Composed | undefined> {
      const { since = '', until = '', counts, leadIds = [], messageIds = [] } = details;
      if (!counts) return undefined;
      const w = words.digest;
      const told: string[] = [];
      const shown = [];
      for (const id of leadIds) {
        const lead = await leads.briefOf(site.id, id);
        if (!lead || lead.restricted) continue;
        told.push(id);
        shown.push({ title: words[lead.kind].title, fields: fieldsOf(site, lead, { words, lang }, MESSAGE_MAX) });
      }
      const asked = messageIds.length === 0 ? [] : (await conversations.unanswered(site, { limit: 200 })).items;
      const open = asked.filter(({ messageId }) => messageIds.includes(messageId));
      told.push(...open.map(({ conversationId }) => conversationId));
      const more = counts.leads + counts.callbacks - shown.length + (counts.unanswered - open.length);
      const moment = momentIn(lang, timezone);
      const rendered = await templates.digestMail(frame, {
        intro: w.intro(moment(since), moment(until)),
        counts: (['leads', 'callbacks', 'unanswered'] as const).flatMap(each =>
          counts[each] > 0 ? [w[each](counts[each])] : [],
        ),
        leads: shown,
        questions: open.map(({ question }) => cut(withoutLinks(question, words.transcript.link), LINE_MAX)),
        more: more > 0 ? w.more(more) : undefined,
      });
      return mail(w.subject(name, dateIn(lang, timezone)(until)), rendered, [...new Set(told)]);
    }
  };

  function unsubscribing(site: Site, { kind, details }: EmailRow): string | undefined {
    const list = listOf[kind];
    if (!list) return undefined;
    const token = tokenOf(keyring, { siteId: site.id, id: details.addressId ?? '', for: 'unsubscribe', list });
    return `${relayOrigin()}/emails/unsubscribe?token=${token}`;
  }

  async function readConversation(site: Site, id: string): Promise<OwnedConversation | undefined> {
    try {
      // Of one that is restricted nothing is told: it has no messages then.
      return await conversations.readById(site, id);
    } catch (error) {
      if (error instanceof AppError && error.code === 'conversation_not_found') return undefined;
      throw error;
    }
  }
}

function saidIn({ messages }: OwnedConversation, { transcript: w }: Words, time: (at: string) => string) {
  const all = messages.filter(({ text }) => text !== '');
  let size = 0;
  const kept = all.toReversed().filter(({ text }) => {
    size += text.length;
    return size <= TRANSCRIPT_MAX;
  });
  const said = kept.toReversed().map(({ role, author, text, createdAt, citations }) => ({
    by: { visitor: w.you, assistant: w.assistant, agent: author ? oneLine(author, 100) : w.team }[role],
    isVisitor: role === 'visitor',
    at: time(createdAt),
    text: role === 'visitor' ? withoutLinks(text, w.link) : text,
    sources: citations.map(({ url, title }) => ({ url, title })),
  }));
  return { said, isCut: kept.length < all.length };
}

type Lead = NonNullable<Awaited<ReturnType<Leads['briefOf']>>>;

/** What a visitor left, line by line, in the order in which somebody answers. */
function fieldsOf(site: Site, lead: Lead, { words, lang }: { words: Words; lang: string }, max: number): Field[] {
  const { fields: w, transcript } = words;
  const { timezone } = site.settings;
  const clean = (text: string) => cut(withoutLinks(text, transcript.link).trim(), max);
  const given: [string, string | null][] = [
    [w.name, lead.name && clean(lead.name)],
    [w.email, lead.email && cut(oneLine(lead.email, 320), max)],
    [w.phone, lead.phone && cut(oneLine(lead.phone, 64), max)],
    [w.callbackAt, lead.callbackAt && zonedIn(lang, timezone)(lead.callbackAt)],
    [
      w.callbackThere,
      lead.callbackAt && lead.timezone && lead.timezone !== timezone
        ? zonedIn(lang, lead.timezone)(lead.callbackAt)
        : null,
    ],
    [w.message, lead.message && clean(lead.message)],
    ...Object.entries(lead.fields).map(([name, value]): [string, string] => [
      cut(oneLine(withoutLinks(name, transcript.link)), 100),
      clean(value),
    ]),
    [w.page, pageOf(site, lead.pageUrl)],
    [w.marketing, lead.marketing ? w.yes : null],
    [w.at, zonedIn(lang, timezone)(lead.createdAt)],
  ];
  return given.filter((each): each is Field => each[1] !== null && each[1] !== '');
}

/** The page where the form was, where it is one of the site: a browser may name any. */
const pageOf = ({ settings }: Site, pageUrl: string | null): string | null =>
  pageUrl && settings.allowedOrigins.includes(URL.parse(pageUrl)?.origin ?? '') ? pageUrl : null;

const cut = (text: string, max: number): string => {
  const signs = [...text];
  return signs.length <= max ? text : `${signs.slice(0, max).join('')}…`;
};

const formatter = (options: Intl.DateTimeFormatOptions) => (lang: string, timeZone: string) => {
  const format = new Intl.DateTimeFormat(lang, { ...options, timeZone });
  return (at: string) => format.format(new Date(at));
};
const dateIn = formatter({ dateStyle: 'long' });
const timeIn = formatter({ timeStyle: 'short' });
const momentIn = formatter({ dateStyle: 'medium', timeStyle: 'short' });
const zonedIn = formatter({
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  timeZoneName: 'short',
});
