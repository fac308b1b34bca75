import { languageOf } from './language-tag.ts';

/** Scripts that one language alone is written in, of those that are asked here. */
const scripts: [RegExp, string][] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, 'ja'],
  [/\p{Script=Hangul}/u, 'ko'],
  [/\p{Script=Thai}/u, 'th'],
  [/\p{Script=Greek}/u, 'el'],
  [/\p{Script=Hebrew}/u, 'he'],
];

/** Texts of fewer letters or words say nothing for sure: "wool blanket" is near to Swedish. */
const LETTERS_MIN = 8;
const WORDS_MIN = 3;

/** No more of a text is looked at, in characters. */
const TEXT_MAX = 500;

/** How much likelier another language must be than the expected one; short questions are often near to several. */
const MARGIN = 0.12;

/**
 * The language of a text where that is clear, as a tag; else the one that is expected. A region stays where the language
 * does: `de-AT` for a German text from there.
 */
export async function detectLanguage(given: string, expected: string): Promise<string> {
  const text = given.slice(0, TEXT_MAX);
  const letters = (text.match(/\p{L}/gu) ?? []).length;
  const own = languageOf(expected);
  const like = (language: string) => (language === own ? expected : language);
  for (const [script, language] of scripts) {
    if (share(text, script, letters) > 0.3) return like(language);
  }
  if (share(text, /\p{Script=Han}/u, letters) > 0.3) return own === 'ja' ? expected : like('zh');
  const words = text.match(/\p{L}+/gu) ?? [];
  if (letters < LETTERS_MIN || words.length < WORDS_MIN) return expected;

  const { eld } = await import('eld/extrasmall');
  const result = eld.detect(text);
  const scores = result.getScores();
  const best = scores[result.language] ?? 0;
  if (result.language === '' || !result.isReliable() || (scores[own] ?? 0) > best - MARGIN) return expected;
  return like(result.language);
}

const share = (text: string, script: RegExp, letters: number): number =>
  (text.match(new RegExp(script, 'gu')) ?? []).length / Math.max(1, letters);
