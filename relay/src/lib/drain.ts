import { AppError } from './app-error.ts';

export type Drain = ReturnType<typeof createDrain>;

/** Lets what is running end, and nothing new begin. */
export function createDrain() {
  const running = new Map<Promise<void>, AbortController>();
  const begun = new AbortController();

  return {
    isDraining: () => begun.signal.aborted,

    /** Aborts as soon as a stop begins: for what would never end by itself. */
    begun: begun.signal,

    /** Runs a piece of work that a stop has to wait for; its signal aborts when the wait is over. Throws 503. */
    async run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
      if (begun.signal.aborted)
        throw new AppError('unavailable', 'The relay is restarting. Please try again.', { retryAfterS: 2 });
      const controller = new AbortController();
      const promise = work(controller.signal);
      running.set(promise, controller);
      await promise.finally(() => running.delete(promise));
    },

    /** Waits for all that runs; after `patienceMs` it is aborted, and given `graceMs` to keep what it has. */
    async drain({ patienceMs, graceMs }: { patienceMs: number; graceMs: number }): Promise<void> {
      begun.abort();
      const all = Promise.allSettled([...running.keys()]);
      await Promise.race([all, pause(patienceMs)]);
      for (const controller of running.values()) controller.abort();
      await Promise.race([all, pause(graceMs)]);
    },
  };
}

const pause = (ms: number) =>
  new Promise<void>(resolve => {
    setTimeout(resolve, ms).unref();
  });
