/** What a count holds now, and how long it still lasts. */
export type Count = { points: number; msLeft: number };

/**
 * Counts under keys, each of which ends `windowMs` after its first addition and then begins anew. Whoever adds at the
 * same time, in this process or another that shares the counts, sees sums of which no two are the same addition's.
 */
export interface Counts {
  /** Adds points, a negative number too, and gives what the count is then. */
  add(key: string, points: number, windowMs: number): Promise<Count>;
}
