import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { CashierEvent } from '../../providers/payments/cashier.ts';
import type { BillingStore } from './store.ts';

/** The queue of customers of whom something was told. */
export const LOOK = 'billing.look';

type Deps = { db: Db; store: BillingStore; jobs: Pick<Jobs, 'enqueue' | 'wake'>; now: () => Date };

/**
 * Keeps that something happened to a customer, and has them looked at; once for each event, however often it is sent. When
 * it resolves, no crash can lose it.
 */
export function createReceive({ db, store, jobs, now }: Deps) {
  return async (event: CashierEvent): Promise<void> => {
    const { customerId } = event;
    const isNew = await inTransaction(db, async tx => {
      if (!(await store.addEvent(tx, event, now(), customerId === null))) return false;
      if (customerId !== null) await jobs.enqueue(LOOK, { customerId }, { key: customerId, tx });
      return true;
    });
    if (isNew && customerId !== null) await jobs.wake(LOOK);
  };
}
