import type { Site } from '../sites/index.ts';
import { type Answerability, answerability, type Evidence } from './answerability.ts';
import { fuse } from './fuse.ts';
import { keyOf, type Ranked } from './ranking.ts';
import type { Found, KnowledgeStore } from './store.ts';

/** What the knowledge holds on a question: its passages, best first, and whether they are enough to answer it. */
export type Search = {
  passages: Found[];
  /** How likely the passages hold the answer. */
  score: number;
  decision: Answerability['decision'];
  answerable: boolean;
  /** What the decision rests on. */
  evidence: Evidence;
};

/** The passages that mean what is asked, best first; none for a site without embeddings, or where they fail. */
export type Meaning = {
  nearest(
    site: Site,
    question: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<(Ranked & { similarity: number })[]>;
  /** How many passages wait for their vector, and how many could not have one. */
  progress(site: Site): Promise<{ pending: number; failed: number }>;
};

export const noMeaning: Meaning = { nearest: async () => [], progress: async () => ({ pending: 0, failed: 0 }) };

export type SearchOptions = {
  limit: number;
  /** The visitor’s language. */
  locale?: string | undefined;
  /** How many passages one document may give. */
  perDocument?: number;
  signal?: AbortSignal;
};

/** Passages of one document beyond these say little new. */
const PASSAGES_PER_DOCUMENT = 3;

/** How deep each ranking is read before they are joined. */
const DEPTH = 50;

export type KnowledgeSearch = ReturnType<typeof createSearch>;

/** The search in a site's knowledge: by words, and by meaning where there is one, joined. */
export function createSearch({ store, meaning }: { store: KnowledgeStore; meaning: Meaning }) {
  return async function search(
    site: Site,
    question: string,
    { limit, locale, perDocument = PASSAGES_PER_DOCUMENT, signal }: SearchOptions,
  ): Promise<Search> {
    const languages = [...(locale ? [locale] : []), site.settings.locale];
    const depth = Math.max(DEPTH, limit * PASSAGES_PER_DOCUMENT);
    const [byWords, byMeaning] = await Promise.all([
      store.rankByWords(site.id, question, { languages, limit: depth }),
      meaning.nearest(site, question, depth, signal),
    ]);
    const words = new Map(byWords.ranked.map(each => [keyOf(each), each]));
    const similarities = new Map(byMeaning.map(each => [keyOf(each), each.similarity]));
    const fused = byMeaning.length > 0 ? fuse([byWords.ranked, byMeaning]) : byWords.ranked;
    const texts = await store.passages(site.id, fused);
    const all = fused.flatMap(({ documentId, ordinal, score }): Found[] => {
      const key = keyOf({ documentId, ordinal });
      const passage = texts.get(key);
      // Gone since it was ranked.
      if (!passage) return [];
      return [
        { ...passage, score, coverage: words.get(key)?.coverage ?? 0, similarity: similarities.get(key) ?? null },
      ];
    });
    const passages = withoutRepeats(all, perDocument, limit);
    const { terms, unknownTerms } = byWords;
    const evidence = {
      passages: passages.map(({ documentId, ordinal, coverage, similarity }) => {
        const share = words.get(keyOf({ documentId, ordinal }))?.share ?? 0;
        return { documentId, share, coverage, similarity };
      }),
      terms,
      unknownTerms,
    };
    const { score, decision } = answerability(evidence);
    return { passages, score, decision, answerable: decision === 'answer', evidence };
  };
}

/** Shorter passages, such as lists of sizes, say the same of different things. */
const REPEAT_MIN = 80;

/**
 * Of each document the best few, and what stands on several pages, such as a footer, once: where it ranks best, and of
 * places as good at the shortest address, which is nearest to the source.
 */
function withoutRepeats(passages: readonly Found[], perDocument: number, limit: number): Found[] {
  const seen = new Set<string>();
  const ofDocument = new Map<string, number>();
  const kept: Found[] = [];
  for (const passage of passages.toSorted((a, b) => b.score - a.score || a.url.length - b.url.length)) {
    if (kept.length === limit) break;
    const given = ofDocument.get(passage.documentId) ?? 0;
    if (given >= perDocument) continue;
    const words = wordsOf(passage.text);
    if (seen.has(words)) continue;
    if (words.length >= REPEAT_MIN) seen.add(words);
    ofDocument.set(passage.documentId, given + 1);
    kept.push(passage);
  }
  return kept;
}

/** The text without what varies between copies of it: case, punctuation and white space. */
const wordsOf = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu)
    ?.join(' ') ?? '';
