import type { BillingRedirect, PlanChoice } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import type { Cashier, Price } from '../../providers/payments/cashier.ts';
import type { Prices } from './prices.ts';
import { isLive, lookupKeyOf } from './standing.ts';
import type { BillingStore } from './store.ts';

/** For an account that never had one. */
const TRIAL_DAYS = 14;

type Deps = {
  store: BillingStore;
  cashier: Cashier;
  prices: Prices;
  relayOrigin: () => string;
  now: () => Date;
};

/** Where owners go on at the cashier's: to pay for a plan for the first time, and to look after what they pay by. */
export function createCheckout({ store, cashier, prices, relayOrigin, now }: Deps) {
  const screenOf = (accountId: string) => `${relayOrigin()}/console/account/billing?account=${accountId}`;

  return {
    /**
     * Where the plan is paid for. Throws 400 for one that is not sold, and 409 where the account pays for one already: that
     * one is to be changed.
     */
    async checkout(accountId: string, choice: PlanChoice): Promise<BillingRedirect> {
      const price = await priceOf(prices, choice);
      const row = await store.find(accountId);
      let customerId = row?.customerId;
      let subscriptions = customerId === undefined ? [] : await cashier.subscriptionsOf(customerId);
      if (subscriptions?.some(isLive)) {
        throw changed('The account pays for a plan already. Change that one.');
      }
      if (customerId === undefined || !subscriptions) {
        const formerId = customerId ?? null;
        customerId = await store.setCustomer(
          accountId,
          await cashier.createCustomer(accountId, formerId),
          formerId,
          now(),
        );
        subscriptions = [];
      }
      const hadTrial = subscriptions.length > 0 || (row?.trialEndsAt ?? null) !== null;
      const screen = screenOf(accountId);
      const url = await cashier.checkout({
        customerId,
        accountId,
        price,
        trialDays: hadTrial ? null : TRIAL_DAYS,
        successUrl: `${screen}&checkout=done`,
        cancelUrl: `${screen}&checkout=cancelled`,
      });
      return { url };
    },

    /** Where the card is changed, and invoices are. Throws 409 where the account never paid for anything. */
    async portal(accountId: string): Promise<BillingRedirect> {
      const row = await store.find(accountId);
      if (!row) throw changed('The account has not paid for anything yet. Choose a plan first.');
      return { url: await cashier.portal(row.customerId, screenOf(accountId)) };
    },
  };
}

/** Throws 400 for what is not sold. */
export async function priceOf(prices: Prices, { plan, interval }: PlanChoice): Promise<Price> {
  const key = lookupKeyOf(plan, interval);
  const price = (await prices.all()).find(({ lookupKey }) => lookupKey === key);
  if (price) return price;
  throw new AppError('validation_failed', 'This plan cannot be had at the moment. Choose another one.', {
    errors: [{ path: 'plan', message: 'is not sold by this interval' }],
  });
}

export const changed = (detail: string) => new AppError('billing_changed', detail);
