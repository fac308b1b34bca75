import { render, toPlainText } from '@react-email/components';
import { Fragment, createElement as h, type ReactNode } from 'react';
import type { Words } from '../words/index.ts';
import { answer } from './answer.ts';
import { button, field, heading, lines, link, page, paragraph, said, small, words } from './layout.ts';

/** What every mail has: whose words and which site, and how it ends. */
export type Frame = { lang: string; words: Words; site: string; unsubscribeUrl?: string | undefined };

export type Rendered = { html: string; text: string };

export type Said = {
  by: string;
  isVisitor: boolean;
  at: string;
  text: string;
  sources: { url: string; title: string }[];
};

/** A chat, as its visitor takes it along. */
export const transcriptMail = ({ lang, words: w, site }: Frame, date: string, all: Said[], isCut: boolean) =>
  rendered(
    page(
      {
        lang,
        site,
        title: w.transcript.title(site),
        preview: w.transcript.intro(site, date),
        footer: [w.transcript.footer(site), w.sentBy(site)],
      },
      paragraph(w.transcript.intro(site, date)),
      isCut && small(w.transcript.cut),
      ...all.map(({ by, isVisitor, at, text, sources }, index) =>
        said(
          { by: `${by} · ${at}`, tinted: isVisitor, key: String(index) },
          ...(isVisitor ? [words(text, 'text')] : answer(text)),
          sources.length > 0 && small(w.transcript.sources, 'sources'),
          ...sources.map(({ url, title }, number) =>
            small(h(Fragment, null, `[${number + 1}] `, url === '' ? title : link(url, title)), `source ${number}`),
          ),
        ),
      ),
    ),
  );

export type Field = [name: string, value: string];

/** What one visitor left. */
export const leadMail = (
  { lang, words: w, site, unsubscribeUrl }: Frame,
  { title, intro, fields, hasLinks }: { title: string; intro: string; fields: Field[]; hasLinks: boolean },
) =>
  rendered(
    page(
      {
        lang,
        site,
        title,
        preview: intro,
        footer: [...(hasLinks ? [w.withoutLinks] : []), w.sentBy(site)],
        unsubscribe: unsubscribing(w, unsubscribeUrl),
      },
      paragraph(intro),
      ...fields.map(([name, value], at) => field(name, value, at)),
    ),
  );

export type Digest = {
  intro: string;
  counts: string[];
  leads: { title: string; fields: Field[] }[];
  questions: string[];
  more: string | undefined;
};

/** What visitors left in a day. */
export const digestMail = (
  { lang, words: w, site, unsubscribeUrl }: Frame,
  { intro, counts, leads, questions, more }: Digest,
) =>
  rendered(
    page(
      {
        lang,
        site,
        title: w.digest.title,
        preview: counts.join(', '),
        footer: [w.withoutLinks, w.sentBy(site)],
        unsubscribe: unsubscribing(w, unsubscribeUrl),
      },
      paragraph(intro),
      ...counts.map((count, at) => paragraph(count, at)),
      ...leads.flatMap(({ title, fields }) => [
        heading(title),
        ...fields.map(([name, value], at) => field(name, value, at)),
      ]),
      more && paragraph(more),
      questions.length > 0 && heading(w.digest.unansweredTitle),
      ...questions.map((question, at) => words(`• ${question}`, at)),
    ),
  );

/** Something to know or to do, in a few lines: a verification, a security notice, an alert; of sites and of accounts. */
export const noticeMail = (
  { lang, words: w, site, unsubscribeUrl }: Frame,
  { title, lines: said, items = [], action }: Notice,
) =>
  rendered(
    page(
      {
        lang,
        site,
        title,
        preview: said[0] ?? title,
        footer: [w.sentBy(site)],
        unsubscribe: unsubscribing(w, unsubscribeUrl),
      },
      ...said.map((line, at) => paragraph(lines(line), at)),
      ...items.map(([name, value], at) => field(name, value, at)),
      action && button(action),
    ),
  );

export type Notice = {
  title: string;
  lines: string[];
  items?: Field[];
  /** The one thing to do, where there is one. */
  action?: { url: string; label: string };
};

const unsubscribing = ({ unsubscribe }: Words, url: string | undefined) =>
  url ? { label: unsubscribe, url } : undefined;

async function rendered(mail: Parameters<typeof render>[0] & ReactNode): Promise<Rendered> {
  const html = await render(mail);
  return { html, text: toPlainText(html, { selectors: PLAIN }) };
}

/** As people write by hand: no capitals that shout, and addresses in full. */
const PLAIN = [
  { selector: 'h1', options: { uppercase: false } },
  { selector: 'h2', options: { uppercase: false } },
  { selector: 'a', options: { hideLinkHrefIfSameAsText: true, linkBrackets: false as const } },
];
