import { languageOf } from '../../../lib/language-tag.ts';
import { de } from './de.ts';
import { type AccountWords, en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';

export type { AccountWords } from './en.ts';

export const byLanguage: Record<string, AccountWords> = { en, de, fr, es };

/** The words for a person of this language; English where we have none. */
export const wordsFor = (locale: string): AccountWords => byLanguage[languageOf(locale)] ?? en;
