import { LRUCache } from 'lru-cache';
import type { Counts } from './counts.ts';

/** More keys than this at once, and the one that was counted longest ago begins anew. */
const KEYS_MAX = 100_000;

/** Counts of this process alone. */
export function memoryCounts(now: () => Date): Counts {
  const counts = new LRUCache<string, { points: number; endsAt: number }>({ max: KEYS_MAX });
  return {
    async add(key, points, windowMs) {
      const time = now().getTime();
      const known = counts.get(key);
      const count = known && known.endsAt > time ? known : { points: 0, endsAt: time + windowMs };
      count.points += points;
      counts.set(key, count);
      return { points: count.points, msLeft: count.endsAt - time };
    },
  };
}
