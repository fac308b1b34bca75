const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;

/** What one process tells the others: the key is paused for so long; for 0, it works again. */
export type BreakerNews = { key: string; forMs: number };

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
  /** Takes what another process tells. */
  heard(news: BreakerNews): void;
}

type Entry = { failures: number; pauses: number; pausedUntil: number; trialUntil: number };

/**
 * A key that fails `failuresMax` times in a row is paused for 30 s, and each time its trial fails for twice as long, at most
 * 5 min. Only keys that fail are remembered, at most `keysMax`; the one remembered longest is forgotten first. `tell` hears of
 * each pause, and of its end, for the breakers of other processes: each of those has a trial of its own.
 */
export function createBreaker({
  now,
  failuresMax = 3,
  keysMax = 10_000,
  tell = () => {},
}: {
  now: () => number;
  failuresMax?: number;
  keysMax?: number;
  tell?: (news: BreakerNews) => void;
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

  function pause(key: string, entry: Entry, until: number): void {
    entry.pausedUntil = until;
    tell({ key, forMs: until - now() });
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
      if (!entry || entry.pausedUntil > now()) return;
      entries.delete(key);
      if (entry.pausedUntil > 0) tell({ key, forMs: 0 });
    },
    failed(key, retryAfterMs = 0) {
      const entry = remember(key);
      const time = now();
      const asked = time + Math.min(retryAfterMs, LONGEST_PAUSE_MS);
      if (time < entry.pausedUntil) {
        // Calls from before the pause fail together: they may lengthen it as the vendor asks, and do not count.
        if (asked > entry.pausedUntil) pause(key, entry, asked);
        return;
      }
      entry.failures += 1;
      entry.trialUntil = 0;
      if (retryAfterMs > 0) {
        pause(key, entry, asked);
      } else if (entry.pausedUntil || entry.failures >= failuresMax) {
        pause(key, entry, time + Math.min(FIRST_PAUSE_MS * 2 ** entry.pauses, LONGEST_PAUSE_MS));
        entry.pauses += 1;
      }
    },
    leftOpen(key) {
      const entry = entries.get(key);
      if (entry) entry.trialUntil = 0;
    },
    heard({ key, forMs }) {
      if (forMs <= 0) {
        entries.delete(key);
        return;
      }
      const entry = remember(key);
      entry.failures = Math.max(entry.failures, failuresMax);
      entry.pauses = Math.max(entry.pauses, 1);
      entry.pausedUntil = Math.max(entry.pausedUntil, now() + Math.min(forMs, LONGEST_PAUSE_MS));
    },
  };
}
