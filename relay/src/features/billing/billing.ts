import type {
  BillingRecordPage,
  BillingRedirect,
  BillingResponse,
  ChangePreview,
  PlanChange,
  PlanChoice,
} from '@confab/contract';
import type { Db } from '../../db/database.ts';
import { type Jobs, NotYet } from '../../jobs/jobs.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Log } from '../../lib/log.ts';
import { type Cashier, type CashierEvent, CashierFault } from '../../providers/payments/cashier.ts';
import type { AccountMails } from '../accounts/index.ts';
import type { Sites } from '../sites/index.ts';
import type { Teams } from '../teams/index.ts';
import { FREE, planOf, plans, type Usage } from '../usage/index.ts';
import { createChange } from './change.ts';
import { createCheckout } from './checkout.ts';
import { createOverview } from './overview.ts';
import { createPrices } from './prices.ts';
import { createReceive } from './receive.ts';
import { createReconcile } from './reconcile.ts';
import { recordsPage } from './records.ts';
import { createRefresh } from './refresh.ts';
import { lookupKeyOf } from './standing.ts';
import type { BillingStore } from './store.ts';

const MINUTE_MS = 60 * 1_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** An event that waits longer has lost its job. */
const OVERDUE_MS = 5 * MINUTE_MS;
/** So many are taken up again at once; the next sweep takes more. */
const SWEEP_MAX = 500;
/** As long as Stripe itself can be asked for an event. */
const EVENT_DAYS = 30;
const RECORD_YEARS = 7;

export type Billing = ReturnType<typeof createBilling>;

type Deps = {
  db: Db;
  store: BillingStore;
  /** None where this relay sells no plans. */
  cashier: Cashier | undefined;
  usage: Pick<Usage, 'ofAccount' | 'noticesOf'>;
  tellOwners: Teams['tellOwners'];
  mails: Pick<AccountMails, 'wake'>;
  sites: Pick<Sites, 'forgetCached'>;
  jobs: Pick<Jobs, 'enqueue' | 'wake'>;
  relayOrigin: () => string;
  forgetDeleted: () => Promise<void>;
  log: Log;
  now: () => Date;
};

/** What accounts pay for. The truth is at the cashier's; here is what the relay needs to know without asking. */
export function createBilling({
  db,
  store,
  cashier,
  usage,
  tellOwners,
  mails,
  sites,
  jobs,
  relayOrigin,
  log,
  now,
  ...deps
}: Deps) {
  const at = cashier && wired(cashier);
  const overview = createOverview({ store, usage, plans, planOf, prices: at?.prices, log, now });

  return {
    /** Throws 404. */
    overview,

    /** Throws 403 `not_offered`, 400, 409. */
    checkout: (accountId: string, choice: PlanChoice): Promise<BillingRedirect> =>
      asked(() => offered().checkout.checkout(accountId, choice)),
    portal: (accountId: string): Promise<BillingRedirect> => asked(() => offered().checkout.portal(accountId)),
    preview: (accountId: string, choice: PlanChoice): Promise<ChangePreview> =>
      asked(() => offered().change.preview(accountId, choice)),
    change: (accountId: string, change: PlanChange): Promise<BillingResponse> =>
      doneAt(accountId, ({ change: change_ }) => change_.change(accountId, change)),
    setEnd: (accountId: string, ends: boolean): Promise<BillingResponse> =>
      doneAt(accountId, ({ change }) => change.setEnd(accountId, ends)),
    async records(accountId: string, page: { cursor?: string | undefined; limit: number }): Promise<BillingRecordPage> {
      offered();
      return recordsPage(store, accountId, page);
    },

    /** What the webhook was called with; nothing where it is not the cashier's. Throws 404 where there is none. */
    readEvent(body: Buffer, signature: string): CashierEvent | undefined {
      if (!cashier) throw new AppError('not_found', 'This relay sells no plans, and is told of no payments.');
      return cashier.readEvent(body, signature, now());
    },
    receive: createReceive({ db, store, jobs, now }),

    /** Looks at a customer of whom something was told; one of somebody else's is left alone. */
    async look(customerId: string): Promise<void> {
      const waiting = await store.waiting(customerId);
      const accountId = await store.accountOf(customerId);
      if (accountId && at) await patiently(() => at.refresh(accountId));
      await store.settle(waiting, now());
    },

    /** Gives customers to `found` of whom an event waits for too long, or whose grace is over. */
    async sweep(found: (customerId: string) => Promise<void>): Promise<void> {
      const waiting = await store.customersWaiting(new Date(+now() - OVERDUE_MS), SWEEP_MAX);
      for (const customerId of [...waiting, ...(await store.pastGrace(now(), SWEEP_MAX))]) await found(customerId);
    },

    /** Every night. */
    reconcile: async (signal: AbortSignal): Promise<void> => at?.reconcile(signal),

    /** The account is about to go: it pays for nothing any more, and the cashier forgets who it was. */
    async end(accountId: string): Promise<void> {
      const row = await store.find(accountId);
      if (!row || !at || !cashier) return;
      await patiently(async () => {
        await at.refresh(accountId);
        await cashier.removeCustomer(row.customerId);
      });
    },

    /** Forgets receipts of events after a month, and what was billed after seven years. */
    async forget(): Promise<void> {
      const recordsBefore = now();
      recordsBefore.setUTCFullYear(recordsBefore.getUTCFullYear() - RECORD_YEARS);
      const eventsBefore = new Date(+now() - EVENT_DAYS * DAY_MS);
      if ((await store.forget({ eventsBefore, recordsBefore })) > 0) await deps.forgetDeleted();
    },
  };

  function wired(its: Cashier) {
    const sold = plans.filter(plan => plan !== FREE);
    const lookupKeys = sold.flatMap(({ handle }) => [lookupKeyOf(handle, 'month'), lookupKeyOf(handle, 'year')]);
    const prices = createPrices({ cashier: its, lookupKeys, now });
    const refresh = createRefresh({ db, store, cashier: its, prices, tellOwners, mails, sites, log, now });
    return {
      prices,
      refresh,
      checkout: createCheckout({ store, cashier: its, prices, relayOrigin, now }),
      change: createChange({ store, cashier: its, prices, now }),
      reconcile: createReconcile({ store, refresh, log, now }),
    };
  }

  function offered() {
    if (at) return at;
    throw new AppError('not_offered', 'This relay sells no plans: nothing is limited, and nothing is to be paid.');
  }

  async function doneAt(
    accountId: string,
    work: (its: NonNullable<typeof at>) => Promise<void>,
  ): Promise<BillingResponse> {
    const its = offered();
    await asked(async () => {
      await work(its);
      await its.refresh(accountId);
    });
    return overview(accountId);
  }

  /** For who waits for the answer. */
  async function asked<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CashierFault)) throw error;
      // Whoever runs the relay has to know; the owner cannot do anything about it.
      if (error.kind === 'refused') log.error({ err: error }, 'Stripe refused what an owner asked for');
      throw problemOf(error);
    }
  }

  /** For a job, which is tried again. */
  async function patiently<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CashierFault && error.kind === 'unavailable') throw new NotYet(error.message);
      throw error;
    }
  }
}

function problemOf(fault: CashierFault): AppError {
  if (fault.kind === 'declined') {
    const words =
      'The card could not be charged, so nothing has changed. Update it at “Card, invoices and tax id at Stripe”, and try again.';
    return new AppError('payment_declined', words, { cause: fault });
  }
  if (fault.kind === 'changed') {
    const words = 'What the account pays for has changed meanwhile. Look at it again.';
    return new AppError('billing_changed', words, { cause: fault });
  }
  const words = 'Stripe cannot be asked at the moment. Nothing was charged that you do not see here; try again soon.';
  return new AppError('unavailable', words, { retryAfterS: fault.retryAfterS ?? 30, cause: fault });
}
