import { languageOf } from '../../../lib/language-tag.ts';
import { de } from './de.ts';
import { en, type Words } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';

export type { Words } from './en.ts';

const byLanguage: Record<string, Words> = { en, de, fr, es };

/** The words for a person of this language, and the tag by which dates are written beside them; English where we have none. */
export function wordsFor(locale: string): { words: Words; lang: string } {
  const words = byLanguage[languageOf(locale)];
  return words && isTag(locale)
    ? { words, lang: locale }
    : { words: words ?? en, lang: words ? languageOf(locale) : 'en' };
}

/** What has the form of a language tag need not be one. */
function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
