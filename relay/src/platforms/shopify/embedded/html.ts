import { escaped } from '../../../lib/html.ts';

const MARKUP = Symbol('markup');

/** Markup that stands in a page as it is. Only `html` makes it: what came in as JSON has no symbol for a key. */
export type Html = { readonly [MARKUP]: string };

type Value = Html | string | number | null | undefined | false | readonly Value[];

/**
 * A piece of a page. Whatever is put into it is text, unless it was made here itself; lists are joined, and what is not
 * there leaves nothing. The value of an attribute stands in double quotes.
 */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  const unquoted = parts.slice(0, -1).some(part => /\s[\w-]+=\s*$/.test(part));
  if (unquoted) throw new Error('the value of an attribute needs double quotes');
  return { [MARKUP]: parts.map((part, index) => part + markupOf(values[index])).join('') };
}

/** The piece as text for a browser. */
export const rendered = (piece: Html): string => piece[MARKUP];

function markupOf(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  if (isMarkup(value)) return value[MARKUP];
  return value.map(markupOf).join('');
}

const isMarkup = (value: object): value is Html => MARKUP in value;
