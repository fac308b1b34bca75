import { languageOf } from '../../lib/language-tag.ts';
import { fold, type Token, tokenize } from './tokens.ts';

/** PostgreSQL's dictionaries that stem words and know stop words, by language. */
const DICTIONARIES: Record<string, string> = {
  ar: 'arabic_stem',
  ca: 'catalan_stem',
  da: 'danish_stem',
  de: 'german_stem',
  el: 'greek_stem',
  en: 'english_stem',
  es: 'spanish_stem',
  eu: 'basque_stem',
  fi: 'finnish_stem',
  fr: 'french_stem',
  ga: 'irish_stem',
  hi: 'hindi_stem',
  hu: 'hungarian_stem',
  hy: 'armenian_stem',
  id: 'indonesian_stem',
  it: 'italian_stem',
  lt: 'lithuanian_stem',
  nb: 'norwegian_stem',
  ne: 'nepali_stem',
  nl: 'dutch_stem',
  nn: 'norwegian_stem',
  no: 'norwegian_stem',
  pt: 'portuguese_stem',
  ro: 'romanian_stem',
  ru: 'russian_stem',
  sr: 'serbian_stem',
  sv: 'swedish_stem',
  ta: 'tamil_stem',
  tr: 'turkish_stem',
};

/** The dictionary of a language tag; that of a language without one takes every word as it is. */
export function dictionaryOf(locale: string): string {
  return DICTIONARIES[languageOf(locale)] ?? 'simple';
}

/** Every dictionary that knows stop words, by which a language is known. */
export const dictionaries = [...new Set(Object.values(DICTIONARIES))];

/** What a dictionary makes of a word: its stem, or null for a stop word. */
export type Stems = ReadonlyMap<string, string | null>;

/** A token as it is in the index. A stop word stands there as it is. */
export type Term = { text: string; kind: Token['kind'] | 'stop' };

/** The token in the words of a language. */
export function termOf({ text, kind }: Token, stems: Stems): Term {
  if (kind === 'exact') return { text: fold(text), kind };
  const stem = stems.get(text);
  if (stem === null) return { text: fold(text), kind: 'stop' };
  return { text: fold(stem ?? text), kind };
}

/** The words of a text that a dictionary is to be asked for, each once. */
export function stemmable(tokens: readonly Token[]): string[] {
  return [...new Set(tokens.filter(({ kind }) => kind !== 'exact').map(({ text }) => text))];
}

/**
 * The language that most of the words are stop words of; the first of them where several have as many. Short texts have
 * little else to be known by. `isSure`: there is a stop word of it.
 */
export function likeliest(
  words: readonly string[],
  stemsOf: ReadonlyMap<string, Stems>,
): { dictionary: string; isSure: boolean } | undefined {
  let best: { dictionary: string; count: number } | undefined;
  for (const [dictionary, stems] of stemsOf) {
    const count = words.filter(word => stems.get(word) === null).length;
    if (!best || count > best.count) best = { dictionary, count };
  }
  return best && { dictionary: best.dictionary, isSure: best.count > 0 };
}

/** Words that make a question and say nothing of its subject, which the dictionaries leave in. */
const IDLE = wordsOf(`
  much many would could may might please tell want wants like get getting got ok okay hello hi hey thanks thank know
  bitte möchte hätte gern gerne gibt gibts danke hallo moin habt krieg kriege bekomme wieviel
  voudrais aimerais veux peux puis peut pouvez svp plaît merci bonjour combien
  quiero puedo puedes puede favor quisiera gracias hola tenéis tienen`);

/**
 * Words that ask for what code says of a product and that its text need not hold, by the languages of our own texts. They
 * tell nothing of whether the product is the one that is meant.
 */
const FACTS = wordsOf(`
  price prices cost costs cheap cheaper cheapest expensive stock available availability sold sell offer size sizes colour
  colours color colors variant variants come comes
  preis preise kosten kostet viel teuer teurer günstig günstiger billiger lager lieferbar verfügbar vorrätig ausverkauft
  verkauft verkaufen führt größe größen farbe farben gibt
  prix combien coûte coûtent cher stock disponible épuisé vendez taille tailles couleur couleurs
  precio precios cuánto cuesta cuestan caro barato existencias agotado venden vende talla tallas color colores`);

export const isIdle = (word: string): boolean => IDLE.has(fold(word));
export const asksForFact = (word: string): boolean => FACTS.has(fold(word));

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(tokenize(text).map(token => fold(token.text)));
}
