import type { Log } from '../../lib/log.ts';
import type { Counts } from './counts.ts';

/** How long the shared counts may take, also on a busy machine; then the caller has waited enough. */
const PATIENCE_MS = 5_000;
/** After that they are left alone for so long: each caller would have to wait anew. */
const AWAY_MS = 5_000;
const TELL_EVERY_MS = 60_000;

/**
 * The shared counts, and where they fail or dawdle those of this process: nobody waits for them, and no door opens. How
 * they stand comes into the log once a minute at most.
 */
export function insuredCounts(
  shared: Counts,
  own: Counts,
  { log, now, patienceMs = PATIENCE_MS }: { log: Log; now: () => Date; patienceMs?: number },
): Counts {
  let toldAt = 0;
  let awayUntil = 0;
  return {
    async add(key, points, windowMs) {
      if (now().getTime() < awayUntil) return own.add(key, points, windowMs);
      try {
        return await soon(shared.add(key, points, windowMs), patienceMs);
      } catch (error) {
        const time = now().getTime();
        awayUntil = time + AWAY_MS;
        if (time - toldAt > TELL_EVERY_MS) {
          toldAt = time;
          log.warn({ err: error }, 'shared counts fail; until they are back each process counts for itself');
        }
        return own.add(key, points, windowMs);
      }
    },
  };
}

async function soon<Value>(counted: Promise<Value>, withinMs: number): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('the shared counts did not answer in time')), withinMs);
  // What comes too late fails for nobody.
  counted.catch(() => {});
  return Promise.race([counted, late.promise]).finally(() => clearTimeout(timer));
}
