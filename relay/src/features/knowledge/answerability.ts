/** Whether to answer from what was found, to ask the visitor back, or to say that we do not know. */
export type Answerability = { score: number; decision: 'answer' | 'ask_back' | 'unknown' };

type Passage = { documentId: string; share: number; coverage: number; similarity: number | null };

/** What a search found, as far as it tells whether the answer is there. */
export type Evidence = {
  /**
   * Best first. `share` is the passage's score by words as a share of the best one that this question could have,
   * `coverage` the share of the question's weight that it holds, `similarity` the cosine of their meanings.
   */
  passages: readonly Passage[];
  /** The words of the question that say something, and how many of them no page of the site holds. */
  terms: number;
  unknownTerms: number;
};

/**
 * Fitted by `npm run eval:answerability`, which says on what and how well. A passage is likely to hold the answer where
 * it scores high for this question, and where it holds several of the question's words: one word alone is soon shared.
 */
export const BY_WORDS = { bias: -2.43, share: 7.61, held: 0.69 };

/** Words beyond these prove nothing more: any page holds a few of a long question's. */
const HELD_MAX = 4;

/** By judgement, not fitted: where two texts are as likely to be about the same thing as not, and how fast that turns. */
const BY_MEANING = { middle: 0.45, steepness: 20 };

/** How many passages are looked at. */
export const FIRST = 3;

/** From here on we answer, and from here on we ask back. */
const ANSWER = 0.6;
const ASK_BACK = 0.4;

/** A question of one word that this many documents hold, each this close to the best, leaves open which is meant. */
const RIVALS = { documents: 3, from: 0.9 };

/** How likely one of the first passages holds the answer, from 0 to 1, and what to do about it. */
export function answerability(evidence: Evidence): Answerability {
  // Nothing is asked: a greeting, a sign, an emoji.
  if (!(evidence.terms > 0)) return { score: 0, decision: 'unknown' };
  const score = Math.max(0, ...evidence.passages.slice(0, FIRST).map(passage => likelihood(passage, evidence)));
  if (score >= ANSWER) return { score, decision: isOpen(evidence) ? 'ask_back' : 'answer' };
  return { score, decision: score >= ASK_BACK ? 'ask_back' : 'unknown' };
}

/** Words and meaning are two witnesses: the surer one counts. */
function likelihood(passage: Passage, evidence: Evidence): number {
  const { share, held } = signsOf(passage, evidence);
  const byWords = held > 0 ? logistic(BY_WORDS.bias + BY_WORDS.share * share + BY_WORDS.held * held) : 0;
  if (passage.similarity === null) return byWords;
  return Math.max(byWords, logistic(BY_MEANING.steepness * (bounded(passage.similarity) - BY_MEANING.middle)));
}

/** What of a passage goes into the formula: its share, and how many of the question's words it holds. */
export function signsOf({ share, coverage }: Passage, { terms, unknownTerms }: Evidence) {
  return { share: bounded(share), held: Math.min(bounded(coverage) * terms, terms - unknownTerms, HELD_MAX) };
}

function isOpen({ passages, terms }: Evidence): boolean {
  const best = passages[0]?.share ?? 0;
  const near = passages.filter(({ share }) => share > 0 && share >= RIVALS.from * best);
  return terms === 1 && new Set(near.map(({ documentId }) => documentId)).size >= RIVALS.documents;
}

const logistic = (value: number): number => 1 / (1 + Math.exp(-value));

/** From 0 to 1, also where a number is none. */
const bounded = (value: number): number => Math.min(1, Math.max(0, value || 0));
