import { LRUCache } from 'lru-cache';

/** True for the first of a kind, and again when `ms` have gone by: what comes between may be left out. */
export function createThrottle(ms: number, now: () => Date) {
  const last = new LRUCache<string, number>({ max: 10_000 });
  return (name: string): boolean => {
    const at = now().getTime();
    if (at - (last.get(name) ?? Number.NEGATIVE_INFINITY) < ms) return false;
    last.set(name, at);
    return true;
  };
}
