import { Prisma } from './database.ts';

/** Longer ones are cut: nobody types them whole. */
const LENGTH_MAX = 64;

/** Scripts without spaces between their words. */
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map(script => `\\p{Script=${script}}`)
  .concat('ー')
  .join('');

const RUN = new RegExp(`[${UNSPACED}]+|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+`, 'gu');
const isUnspaced = new RegExp(`^[${UNSPACED}]`, 'u');

/**
 * The words of a text, small, in any script; of one without spaces every pair of characters. Made here and not by
 * PostgreSQL, which knows capital letters beyond ASCII in some locales only.
 */
function wordsIn(text: string, { whole }: { whole: boolean }): string[] {
  const runs = text.normalize('NFKC').toLowerCase().match(RUN) ?? [];
  return runs.flatMap(run => {
    if (!isUnspaced.test(run)) return [run.slice(0, LENGTH_MAX).toWellFormed()];
    const signs = [...run];
    const pairs = signs.slice(1).map((sign, at) => `${signs[at]}${sign}`);
    // The last one by itself, so that it is found where it is all that is looked for.
    return whole || pairs.length === 0 ? [...pairs, signs.at(-1) as string] : pairs;
  });
}

/**
 * The site's own words: so one index holds those of all sites, and who looks into it never reads what a neighbour's visitors
 * wrote. Where two sites share these four digits, the condition on the site, which every query has, tells them apart.
 */
const ofSite = (siteId: string, words: string[]) => [...new Set(words)].map(word => `${siteId.slice(-4)}${word}`);

/** What a column "words" holds of a text: part of every statement that writes the text. */
export const wordsVector = (siteId: string, text: string): Prisma.Sql =>
  Prisma.sql`array_to_tsvector(${ofSite(siteId, wordsIn(text, { whole: true }))}::text[])`;

/**
 * What "words" must match (`@@`) to hold every word of a query, the last one also as the beginning of a word. Nothing where
 * the query has no word.
 */
export function wordsQuery(siteId: string, query: string): string | undefined {
  const words = ofSite(siteId, wordsIn(query, { whole: false }));
  // Letters, marks and digits only: nothing in them that a tsquery would take for its own.
  return words.length === 0 ? undefined : `${words.map(word => `'${word}'`).join(' & ')}:*`;
}
