import type { Citation } from '@confab/contract';
import { detectLanguage } from '../../lib/detect-language.ts';
import type { Passage } from '../../providers/llm/llm.ts';

/** A sentence with fewer words that say something cannot be compared with a page. */
const WORDS_MIN = 3;

/** Shorter words say nothing here; of longer ones the beginning is compared, which an ending does not change. */
const LETTERS = 4;
const BEGINNING = 5;

/** Words that stand in any sentence. */
const idle = new Set(
  `about also answer been before both could does each from have here information into just like more most much only other
  over page pages passage please says shop shown some such than that their them then there these they this those very want
  website were what when where which while will with would your yours
  aber alle allem allen aller alles also auch auf beim bitte dann dass denn diese diesem diesen dieser dieses doch durch
  eine einem einen einer eines etwas für gibt haben habe hier ihnen ihre ihrem ihren ihrer immer jede jeder kann können
  mehr nach nicht noch oder ohne sehr seite seiten sein seine sich sind sollte steht über unter unser unsere unserem unseren
  viel vom wenn werden wird wurde zum zur
  aussi avec avez avoir cela cette comme dans elle elles être leur leurs mais même nous notre nous page pages parce plus pour
  pouvez quand quel quelle sans selon sont sous sur tous tout toute très votre vous
  algo aquí como cuando cuál desde donde ella ellos entre esta estas este estos está están hasta muy nuestra nuestro para
  pero página porque puede pueden puedes según sobre también tiene tienen todo todos usted ustedes`.split(/\s+/),
);

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

const segments = new Intl.Segmenter(undefined, { granularity: 'word' });

/**
 * The documents that an answer rests on: those it names where what it says of them could stand there, and those of which
 * code filled in a fact.
 */
export async function citationsOf(
  text: string,
  passages: readonly Passage[],
  told: Iterable<number> = [],
): Promise<Citation[]> {
  const cited = new Set(told);
  for (const { sentence, index } of namings(text)) {
    if (!cited.has(index) && (await mayRestOn(sentence, passages, index))) cited.add(index);
  }
  const documents = new Map(passages.map(({ index, title, url }) => [index, { index, title, url }]));
  return [...documents.values()].filter(({ index }) => cited.has(index));
}

/**
 * Whether a sentence that names a document may rest on it: they share a word or a number, or nobody can tell, as the
 * sentence is too short or they are in two languages.
 */
async function mayRestOn(sentence: string, passages: readonly Passage[], index: number): Promise<boolean> {
  const texts = passages.filter(passage => passage.index === index).map(({ title, text }) => `${title}\n${text}`);
  if (texts.length === 0) return false;
  const said = tellingWords(sentence);
  const held = tellingWords(texts.join('\n'));
  if (said.size < WORDS_MIN || [...said].some(word => held.has(word))) return true;
  const [ofSentence, ofDocument] = await Promise.all([sentence, texts.join('\n')].map(languageIfClear));
  return ofSentence !== undefined && ofDocument !== undefined && ofSentence !== ofDocument;
}

const UNKNOWN = 'und';

async function languageIfClear(text: string): Promise<string | undefined> {
  const language = await detectLanguage(text, UNKNOWN);
  return language === UNKNOWN ? undefined : language;
}

/** The beginnings of the words that say something, and the numbers. */
function tellingWords(text: string): Set<string> {
  const words = [...segments.segment(text.normalize('NFKC').toLowerCase())].flatMap(({ segment, isWordLike }) =>
    isWordLike ? segment : [],
  );
  return new Set(
    words.flatMap(word => {
      if (/\p{Nd}/u.test(word)) return word;
      if (UNSPACED.test(word)) return word.length > 1 ? word : [];
      return word.length < LETTERS || idle.has(word) ? [] : withoutAccents(word).slice(0, BEGINNING);
    }),
  );
}

const withoutAccents = (word: string): string => word.normalize('NFD').replace(/\p{M}/gu, '');

/** Each document that the text names, with the sentence that it stands behind. */
function namings(text: string): { sentence: string; index: number }[] {
  const all: { sentence: string; index: number }[] = [];
  let from = 0;
  let last = '';
  for (const { 0: mark, 1: number, index: at } of text.matchAll(/\[(\d{1,3})\]/g)) {
    const before = text.slice(from, at);
    // Several in a row stand behind the same sentence.
    if (/[\p{L}\p{N}]/u.test(before)) last = before;
    all.push({ sentence: paragraphsEnd(last), index: Number(number) });
    from = at + mark.length;
  }
  return all;
}

/** What stands in the last paragraph: a number speaks for no other. */
const paragraphsEnd = (text: string): string =>
  text
    .split(/\n\s*\n/)
    .filter(paragraph => /[\p{L}\p{N}]/u.test(paragraph))
    .at(-1) ?? '';
