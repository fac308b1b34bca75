import { languageOf } from '../../lib/language-tag.ts';

/** PostgreSQL's stemmers and stop words, by language; `simple` (no stemming) for every other. */
const textSearch: Record<string, string> = {
  ar: 'arabic',
  da: 'danish',
  de: 'german',
  el: 'greek',
  en: 'english',
  es: 'spanish',
  fi: 'finnish',
  fr: 'french',
  hu: 'hungarian',
  it: 'italian',
  nb: 'norwegian',
  nl: 'dutch',
  no: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sv: 'swedish',
  tr: 'turkish',
};

/** The text search configuration of PostgreSQL for a language tag. */
export function textSearchOf(locale: string): string {
  return textSearch[languageOf(locale)] ?? 'simple';
}
