import { setTimeout as pause } from 'node:timers/promises';
import { NotYet } from '../../jobs/jobs.ts';
import type { Log } from '../../lib/log.ts';
import { CashierFault } from '../../providers/payments/cashier.ts';
import type { Refresh } from './refresh.ts';
import type { BillingStore } from './store.ts';

const PAGE = 100;
/** Each account is four questions, and Stripe takes a hundred a second from all of us. */
const PACE_MS = 100;
/** One that was looked at since is not looked at again, so that a run that was cut short is taken up where it ended. */
const FRESH_MS = 12 * 60 * 60 * 1_000;

type Deps = { store: Pick<BillingStore, 'unchecked'>; refresh: Refresh; log: Log; now: () => Date };

/** Compares every account that ever paid with the cashier, one after the other, and sets right what no event told. */
export function createReconcile({ store, refresh, log, now }: Deps) {
  return async (signal: AbortSignal): Promise<void> => {
    const since = new Date(now().getTime() - FRESH_MS);
    const counts = { compared: 0, different: 0, failed: 0 };
    for (let after: { accountId: string; checkedAt: Date } | undefined; ; ) {
      const page = await store.unchecked(since, after, PAGE);
      for (const { accountId } of page) {
        signal.throwIfAborted();
        counts.compared += 1;
        try {
          if ((await refresh(accountId, { isComparison: true })) === 'changed') {
            counts.different += 1;
            log.warn({ accountId }, 'an account paid for something else than we knew');
          }
        } catch (error) {
          // Somebody else was looking at it again and again.
          if (error instanceof NotYet) continue;
          if (!(error instanceof CashierFault)) throw error;
          // What is wrong with one account does not keep the others from being compared; an outage does.
          if (error.kind === 'unavailable') throw new NotYet(error.message);
          counts.failed += 1;
          log.error({ err: error, accountId }, 'an account could not be compared with Stripe');
        }
        await pause(PACE_MS, undefined, { signal });
      }
      after = page.at(-1);
      if (page.length < PAGE) break;
    }
    log.info({ counts }, 'accounts were compared with Stripe');
  };
}
