import { keyOf, type Ranked } from './ranking.ts';

/**
 * How little the first places count over the next ones. 60 is what the method was published with (Cormack, Clarke and
 * Büttcher, 2009); at so many, two rankings that agree beat the first place of either.
 */
const K = 60;

/**
 * Joins rankings by reciprocal rank: a passage counts by its places, since scores of one kind say nothing about those of
 * another. Where two count the same, the earlier ranking has the word.
 */
export function fuse(rankings: readonly (readonly Ranked[])[]): Ranked[] {
  const joined = new Map<string, Ranked>();
  for (const ranking of rankings) {
    for (const [place, { documentId, ordinal }] of ranking.entries()) {
      const key = keyOf({ documentId, ordinal });
      const score = (joined.get(key)?.score ?? 0) + 1 / (K + place + 1);
      joined.set(key, { documentId, ordinal, score });
    }
  }
  return [...joined.values()].sort((a, b) => b.score - a.score);
}
