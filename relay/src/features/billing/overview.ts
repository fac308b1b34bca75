import type { BillingResponse, Plan } from '@confab/contract';
import type { Log } from '../../lib/log.ts';
import type { Price } from '../../providers/payments/cashier.ts';
import type { LimitNotice } from '../usage/index.ts';
import type { Prices } from './prices.ts';
import { isLive, lookupKeyOf, noticesOf, planNow, type StoredStanding } from './standing.ts';
import type { BillingStore } from './store.ts';

type Deps = {
  store: Pick<BillingStore, 'find'>;
  usage: {
    ofAccount: (accountId: string) => Promise<BillingResponse['usage']>;
    noticesOf: (accountId: string) => Promise<LimitNotice[]>;
  };
  plans: readonly Plan[];
  planOf: (handle: string | null) => Plan;
  /** None where this relay sells no plans. */
  prices: Prices | undefined;
  log: Log;
  now: () => Date;
};

/** What an account has, has used and pays for. What Stripe alone knows is left out while it cannot be asked. */
export function createOverview({ store, usage, plans, planOf, prices, log, now }: Deps) {
  return async (accountId: string): Promise<BillingResponse> => {
    if (!prices) {
      const used = await usage.ofAccount(accountId);
      return { mode: 'self_hosted', plan: null, usage: used, notices: [], subscription: null, plans: [] };
    }
    const [row, used, limits, sold] = await Promise.all([
      store.find(accountId),
      usage.ofAccount(accountId),
      usage.noticesOf(accountId),
      prices.soon().catch((error: unknown): Price[] => {
        log.warn({ err: error }, 'prices are not shown: Stripe did not tell them');
        return [];
      }),
    ]);
    const hadPlan = row && row.subscriptionId !== null;
    return {
      mode: 'stripe',
      plan: planOf(row ? planNow(row, now()) : null),
      usage: used,
      notices: [
        ...(hadPlan ? noticesOf(row, now()) : []),
        ...limits.map(({ kind, limit, until }) => ({ kind, limit, until })),
      ],
      subscription: hadPlan ? subscriptionOf(row) : null,
      plans: plans.map(plan => ({
        ...plan,
        prices: { month: shownPrice(sold, plan, 'month'), year: shownPrice(sold, plan, 'year') },
      })),
    };
  };
}

function shownPrice(sold: readonly Price[], { handle }: Plan, interval: 'month' | 'year') {
  const price = sold.find(({ lookupKey }) => lookupKey === lookupKeyOf(handle, interval));
  return price ? { amount: price.amount, currency: price.currency } : null;
}

function subscriptionOf(row: StoredStanding): NonNullable<BillingResponse['subscription']> {
  const { status, plan, interval, periodEnd, trialEndsAt, endsAt, graceUntil, cardBrand, cardLast4 } = row;
  const timeOf = (time: Date | null) => time?.toISOString() ?? null;
  return {
    status: status === 'incomplete_expired' ? 'canceled' : status,
    plan,
    interval,
    periodEnd: isLive(row) ? timeOf(periodEnd) : null,
    trialEndsAt: status === 'trialing' ? timeOf(trialEndsAt) : null,
    endsAt: timeOf(endsAt),
    graceUntil: timeOf(graceUntil),
    card: cardBrand !== null && cardLast4 !== null ? { brand: cardBrand, last4: cardLast4 } : null,
  };
}
