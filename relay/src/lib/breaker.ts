const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;

/** Remembers who fails, so that nobody waits for one that will not answer: a provider, a receiver of leads. */
export interface Breaker {
  /** Whether to call now. After a pause one call at a time is let through, to see whether the provider is back. */
  allows(key: string): boolean;
  /** Whether calls are being skipped; asking changes nothing. */
  isPaused(key: string): boolean;
  succeeded(key: string): void;
  /** `retryAfterMs`: the vendor asked for a pause, and gets it. */
  failed(key: string, retryAfterMs?: number): void;
  /** The call ended without telling anything about the provider: the visitor left, say. */
  leftOpen(key: string): void;
}

type Entry = { failures: number; pauses: number; pausedUntil: number; trialUntil: number };

/**
 * A key that fails `failuresMax` times in a row is paused for 30 s, and each time its trial fails for twice as long, at most
 * 5 min. Only keys that fail are remembered, at most `keysMax`; the one remembered longest is forgotten first.
 */
export function createBreaker({
  now,
  failuresMax = 3,
  keysMax = 10_000,
}: {
  now: () => number;
  failuresMax?: number;
  keysMax?: number;
}): Breaker {
  const entries = new Map<string, Entry>();

  function remember(key: string): Entry {
    const known = entries.get(key);
    if (known) return known;
    if (entries.size >= keysMax) entries.delete(entries.keys().next().value as string);
    const entry = { failures: 0, pauses: 0, pausedUntil: 0, trialUntil: 0 };
    entries.set(key, entry);
    return entry;
  }

  return {
    allows(key) {
      const entry = entries.get(key);
      if (!entry?.pausedUntil) return true;
      const time = now();
      if (time < entry.pausedUntil || time < entry.trialUntil) return false;
      // A trial that nobody tells the end of must not keep the provider out for ever.
      entry.trialUntil = time + FIRST_PAUSE_MS;
      return true;
    },
    isPaused: key => now() < (entries.get(key)?.pausedUntil ?? 0),
    succeeded(key) {
      const entry = entries.get(key);
      // In a pause only a call from before it can succeed, which says nothing about now.
      if (entry && entry.pausedUntil <= now()) entries.delete(key);
    },
    failed(key, retryAfterMs = 0) {
      const entry = remember(key);
      const time = now();
      const asked = time + Math.min(retryAfterMs, LONGEST_PAUSE_MS);
      if (time < entry.pausedUntil) {
        // Calls from before the pause fail together: they may lengthen it as the vendor asks, and do not count.
        entry.pausedUntil = Math.max(entry.pausedUntil, asked);
        return;
      }
      entry.failures += 1;
      entry.trialUntil = 0;
      if (retryAfterMs > 0) {
        entry.pausedUntil = asked;
      } else if (entry.pausedUntil || entry.failures >= failuresMax) {
        entry.pausedUntil = time + Math.min(FIRST_PAUSE_MS * 2 ** entry.pauses, LONGEST_PAUSE_MS);
        entry.pauses += 1;
      }
    },
    leftOpen(key) {
      const entry = entries.get(key);
      if (entry) entry.trialUntil = 0;
    },
  };
}
