import { Marked } from 'marked';
import { textOf } from './charset.ts';
import { parsePage, tidy } from './dom.ts';
import { ExtractError, type Extracted } from './extract.ts';
import { CONTENT_MAX } from './read-html.ts';
import { writeHtml } from './write-html.ts';

/** Of files that tell crawlers nothing. */
export const bare: Omit<Extracted, 'title' | 'html' | 'text'> = {
  locale: null,
  canonical: null,
  noindex: false,
  nofollow: false,
  links: [],
  alternates: [],
  product: null,
  attributes: {},
  modifiedAt: null,
};

/** The longest text of one file. */
export const TEXT_MAX = 8_000_000;

/** Reads a plain text as it stands. Throws `ExtractError`. */
export function readText(bytes: Uint8Array, contentType: string | null): Extracted {
  const text = textOf(bytes, contentType);
  if (text.length > TEXT_MAX) throw new ExtractError('too_large');
  if (text.trim() === '') throw new ExtractError('empty');
  return { ...bare, title: '', html: null, text };
}

/** Reads Markdown as the page that it describes. Throws `ExtractError`. */
export function readMarkdown(bytes: Uint8Array, contentType: string | null): Extracted {
  const source = textOf(bytes, contentType);
  const { front, body } =
    /^---\r?\n(?<front>[\s\S]{0,20000}?)\r?\n---\r?\n(?<body>[\s\S]*)$/.exec(source)?.groups ?? {};
  const page = parsePage(new Marked().parse(body ?? source, { async: false }));
  const html = writeHtml([page.body], CONTENT_MAX + 1);
  if (html.length > CONTENT_MAX) throw new ExtractError('too_large');
  if (tidy(page.body.textContent, 1) === '') throw new ExtractError('empty');
  const told = /^title:[ \t]*["']?(.{1,500}?)["']?[ \t]*$/m.exec(front ?? '')?.[1];
  return { ...bare, title: tidy(told ?? page.querySelector('h1')?.textContent, 500), html, text: null };
}
