import type { Chunk } from './chunk.ts';
import { type Stems, stemmable, termOf } from './language.ts';
import { type Token, tokenize } from './tokens.ts';

/** How much more a word counts in the title or a heading than in the text. */
const TITLE_WEIGHT = 3;
const HEADING_WEIGHT = 3;

/** Words by which the language of a text is known. */
const SAMPLE = 150;

/** Stop words that are no chance. */
const SURE = 8;

/** The terms of a passage, and how often each stands there, by weight; `length` is that of all its words. */
export type Indexed = { frequencies: ReadonlyMap<string, number>; length: number };

/** A document's words before it is known what language they are in. */
export type Wording = { title: Token[]; chunks: { heading: Token[]; text: Token[] }[] };

export function wordingOf(title: string, chunks: readonly Chunk[]): Wording {
  return {
    title: tokenize(title),
    chunks: chunks.map(({ heading, text }) => ({ heading: tokenize(heading), text: tokenize(text) })),
  };
}

/** Every word that a dictionary is to be asked for. */
export function wordsOf({ title, chunks }: Wording): string[] {
  return stemmable([title, ...chunks.flatMap(({ heading, text }) => [heading, text])].flat());
}

/** The words by which the language is found: of running text rather than of titles. */
export const sampleOf = ({ chunks }: Wording): string[] =>
  stemmable(chunks.flatMap(({ text }) => text)).slice(0, SAMPLE);

/**
 * The dictionary that a text is to be read with, by how many of its words are stop words of each: the one that was
 * declared, unless another knows far more of them. Owners write pages in other languages than they tell their software.
 */
export function dictionaryFor(
  stopWords: ReadonlyMap<string, number>,
  declared: string | undefined,
  own: string,
): string {
  const [most, count] = [...stopWords].reduce((best, each) => (each[1] > best[1] ? each : best), ['', 0]);
  const ofDeclared = stopWords.get(declared ?? '') ?? 0;
  if (declared) return count >= SURE && count >= 2 * ofDeclared ? most : declared;
  return count > (stopWords.get(own) ?? 0) ? most : own;
}

/** What is kept of each passage to find it by its words. */
export function indexOf({ title, chunks }: Wording, stems: Stems): Indexed[] {
  return chunks.map(({ heading, text }) => {
    const frequencies = new Map<string, number>();
    let length = 0;
    const fields: [number, Token[]][] = [
      [TITLE_WEIGHT, title],
      [HEADING_WEIGHT, heading],
      [1, text],
    ];
    for (const [weight, tokens] of fields) {
      for (const token of tokens) {
        const term = termOf(token, stems);
        frequencies.set(term.text, (frequencies.get(term.text) ?? 0) + weight);
        if (term.kind !== 'hint') length += weight;
      }
    }
    return { frequencies, length };
  });
}
