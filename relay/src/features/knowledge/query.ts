import { asksForFact, isIdle, likeliest, type Stems, stemmable, termOf } from './language.ts';
import { type Token, tokenize } from './tokens.ts';

/** A term to look for. `factor` is how much its rarity counts; what has a `weight` counts that much however rare. */
export type Sought = { text: string; factor: number; weight: number | null };

/** A word of the question that says something: found where one of its terms is. */
export type Asked = { terms: string[]; isFact: boolean };

/** A question as the index is asked it. */
export type Query = {
  sought: Sought[];
  asked: Asked[];
  /** The dictionary of the question's language, where that is clear. */
  language: string | undefined;
};

/** Stop words tell questions of one subject apart, and nothing else: measured on the development sets. */
const STOP_WEIGHT = 0.4;

/** Two words in one are seldom both: they add to what the words find. */
const HINT_FACTOR = 0.5;

/** Words of a question beyond these cost time and say little; its end often holds what is asked. */
const TOKENS_MAX = 48;

/** The words of a question that are looked for. */
export function tokensOf(question: string): Token[] {
  const all = new Map(tokenize(question).map(token => [`${token.kind} ${token.text}`, token]));
  const tokens = [...all.values()];
  if (tokens.length <= TOKENS_MAX) return tokens;
  return [...tokens.slice(0, TOKENS_MAX / 2), ...tokens.slice(-TOKENS_MAX / 2)];
}

/**
 * What to look for. `spoken` are the languages that the question may be in, the likeliest first; `held` those that the
 * pages are in, which need not be the same. A word is looked for as each of these has it.
 */
export function queryOf(
  tokens: readonly Token[],
  stemsOf: ReadonlyMap<string, Stems>,
  { spoken, held }: { spoken: readonly string[]; held: readonly string[] },
): Query {
  const likely = likeliest(
    stemmable(tokens),
    new Map(spoken.flatMap(each => (stemsOf.has(each) ? [[each, stemsOf.get(each) as Stems]] : []))),
  );
  const own = stemsOf.get(likely?.dictionary ?? '') ?? new Map();
  const sought = new Map<string, Sought>();
  const asked = new Map<string, Asked>();
  for (const token of tokens) {
    const { kind, text } = termOf(token, own);
    if (kind === 'stop' || (kind === 'word' && isIdle(token.text))) {
      if (!sought.has(text)) sought.set(text, { text, factor: 1, weight: STOP_WEIGHT });
      continue;
    }
    const terms = [...new Set(held.map(each => termOf(token, stemsOf.get(each) ?? new Map()).text))];
    const factor = kind === 'hint' ? HINT_FACTOR : 1;
    for (const term of terms) {
      const earlier = sought.get(term);
      if (!earlier || earlier.weight !== null || earlier.factor < factor) {
        sought.set(term, { text: term, factor, weight: null });
      }
    }
    if (kind !== 'hint') asked.set(terms.join(' '), { terms, isFact: asksForFact(token.text) });
  }
  const language = likely?.isSure ? likely.dictionary : undefined;
  return { sought: [...sought.values()], asked: [...asked.values()], language };
}
