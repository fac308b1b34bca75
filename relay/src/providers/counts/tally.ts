import { LRUCache } from 'lru-cache';
import type { Count, Counts } from './counts.ts';

/** The part of what is allowed that a process admits by itself, so that whoever behaves is counted nowhere else. */
const SHARE = 1 / 4;
/** More keys than this at once, and the one that was counted longest ago begins anew. */
const KEYS_MAX = 100_000;

/** What is allowed in how long a time; `alone`: what a process admits by itself, where that is no quarter. */
export type Allowance = { most: number; windowMs: number; alone?: number };

export type Tally = ReturnType<typeof createTally>;

type Deps = {
  /** What all processes count together. */
  shared: Counts;
  /** What stands for a key where others read it, and says nothing of whom it is. */
  hashOf: (key: string) => string;
  now: () => Date;
};

/** `told` are the points that the others know of; `known` is what all have together, as far as this process knows. */
type Entry = { points: number; told: number; known: number; endsAt: number; telling?: Promise<unknown> };

/**
 * Counts against what is allowed, together with all other processes. Each process tells the others of a key only once it has
 * seen a quarter of what is allowed: so few are told of, and what may come through in all is what is allowed and a quarter of
 * it for each further process, where somebody takes care to reach them unevenly.
 */
export function createTally({ shared, hashOf, now }: Deps) {
  const entries = new LRUCache<string, Entry>({ max: KEYS_MAX });

  function entryOf(key: string, windowMs: number, time: number): Entry {
    const known = entries.get(key);
    if (known && known.endsAt > time) return known;
    const entry = { points: 0, told: 0, known: 0, endsAt: time + windowMs };
    entries.set(key, entry);
    return entry;
  }

  return {
    /** Adds points, and gives what all have together. Points beyond what is allowed are not told again and again. */
    async add(key: string, points: number, { most, windowMs, alone = most * SHARE }: Allowance): Promise<Count> {
      const time = now().getTime();
      const entry = entryOf(key, windowMs, time);
      entry.points += points;
      const msLeft = entry.endsAt - time;
      if (entry.told === 0 && entry.points <= alone) {
        entry.known = entry.points;
        return { points: entry.points, msLeft };
      }
      if (points > 0 && entry.known > most) return { points: entry.known, msLeft };
      const untold = entry.points - entry.told;
      entry.told = entry.points;
      // What was admitted here before anybody was told stands before all that is told later.
      const before = entry.telling;
      const tell = () => shared.add(hashOf(key), untold, msLeft);
      const telling = before ? before.then(tell) : tell();
      entry.telling ??= telling;
      const count = await telling;
      entry.known = count.points;
      entry.endsAt = time + count.msLeft;
      return count;
    },

    /** The same where each one counts: every process knows of it at once. */
    addForAll: (key: string, points: number, windowMs: number): Promise<Count> =>
      shared.add(hashOf(key), points, windowMs),

    /** What all had together when this process looked last. */
    known(key: string): number {
      const entry = entries.get(key);
      return entry && entry.endsAt > now().getTime() ? entry.known : 0;
    },
  };
}
