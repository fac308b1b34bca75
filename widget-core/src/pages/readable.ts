import type { TextName } from '@confab/contract/texts';
import { timeIn } from '../locale.ts';
import { element } from '../ui/element.ts';
import type { Texts } from './texts.ts';

/** The headings of the lists that have one of their own; others are called what the document calls them. */
const headings: Record<string, TextName> = {
  conversations: 'dataChats',
  leads: 'dataContacts',
  pageViews: 'dataPages',
};

/** A document's lists, each under its heading. What is empty is left out. */
export function sections(data: Record<string, object[]>, texts: Texts, locale?: string): Node[] {
  return Object.entries(data).flatMap(([name, items]) => {
    const heading = headings[name];
    const title = element('h4', {}, heading ? texts[heading] : words(name));
    return isEmpty(items) ? [] : [element('section', {}, title, readable(items, locale))];
  });
}

/** Any JSON as lists that a person can read. It knows no field, so whatever the relay holds is shown, and all of it. */
export function readable(value: unknown, locale?: string): Node {
  if (Array.isArray(value)) return element('ol', {}, ...value.map(item => element('li', {}, readable(item, locale))));
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => !isEmpty(field))
      .sort(([a], [b]) => Number(isForMachines(a)) - Number(isForMachines(b)));
    return element(
      'dl',
      {},
      ...fields.flatMap(([name, field]) => [
        element('dt', {}, words(name)),
        element('dd', {}, readable(field, locale)),
      ]),
    );
  }
  const text = String(value);
  // Each in its own direction, so that an address stays whole between words that run the other way.
  return element('bdi', {}, isTime(text) ? when(text, locale) : text);
}

const isEmpty = (value: unknown) =>
  value === null ||
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Ids and hashes, which a person reads last. */
const isForMachines = (name: string) => /(^id|Id|[hH]ash)$/.test(name);

const isTime = (text: string) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text);

/** In the visitor's own time zone. */
const when = (time: string, locale: string | undefined) =>
  timeIn(locale, time, { dateStyle: 'medium', timeStyle: 'short' });

/** `noticeVersion` as "Notice version". */
function words(name: string): string {
  const spaced = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\burl\b/, 'address')
    .replace(/\bid\b/, 'ID');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
