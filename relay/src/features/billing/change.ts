import type { ChangePreview, PlanChange, PlanChoice } from '@confab/contract';
import type { Cashier, SoldSubscription } from '../../providers/payments/cashier.ts';
import { changed, priceOf } from './checkout.ts';
import type { Prices } from './prices.ts';
import { isLive, mainOf } from './standing.ts';
import type { BillingStore } from './store.ts';

/** A cost that was counted longer ago is counted again before it is charged. */
const COUNTED_MS = 60 * 60 * 1_000;
/** The clocks of the relay and of the cashier are not the same. */
const AHEAD_MS = 60 * 1_000;

type Deps = { store: BillingStore; cashier: Cashier; prices: Prices; now: () => Date };

/** What becomes of a plan that is paid for. What stands is asked for first: the owner may have been at the cashier's. */
export function createChange({ store, cashier, prices, now }: Deps) {
  return {
    /** What a change would cost at this moment. Throws 400, 409. */
    async preview(accountId: string, choice: PlanChoice): Promise<ChangePreview> {
      const price = await priceOf(prices, choice);
      const { customerId, subscription } = await paidBy(accountId);
      requirePaid(subscription);
      if (subscription.price.id === price.id) throw changed('The account pays for this plan already.');
      // As the cashier counts: whole seconds, and none before the period began.
      const at = new Date(Math.max(Math.floor(+now() / 1_000) * 1_000, +subscription.periodStart));
      const { dueNow, nextInvoice, nextInvoiceAt, currency } = await cashier.costOf(customerId, {
        subscription,
        price,
        at,
      });
      return {
        dueNow: { amount: dueNow, currency },
        nextInvoice: { amount: nextInvoice, currency },
        nextInvoiceAt: nextInvoiceAt.toISOString(),
        prorationAt: at.toISOString(),
      };
    },

    /** Changes the plan for what it was counted to cost then; once, however often it is asked for. Throws 400, 409. */
    async change(accountId: string, { prorationAt, ...choice }: PlanChange): Promise<void> {
      const price = await priceOf(prices, choice);
      const { customerId, subscription } = await paidBy(accountId);
      if (subscription.price.id === price.id) return;
      requirePaid(subscription);
      const at = new Date(prorationAt);
      const isOfNow = +at <= +now() + AHEAD_MS && +at >= +now() - COUNTED_MS && at >= subscription.periodStart;
      if (!isOfNow) throw changed('What the change costs has changed since you saw it. Look at it again.');
      // Each change is billed at once: an invoice since then is one by somebody else of the account.
      const billed = await cashier.invoicesOf(customerId);
      if (billed.some(({ issuedAt }) => issuedAt > at)) {
        throw changed('The plan was changed since you saw what this costs. Look at it again.');
      }
      await cashier.change({ subscription, price, at });
    },

    /** The plan ends with the period that is paid for, or goes on after all. Throws 409 where there is none. */
    async setEnd(accountId: string, ends: boolean): Promise<void> {
      const { subscription } = await paidBy(accountId);
      if ((subscription.endsAt !== null) !== ends) await cashier.setEnd(subscription.id, ends);
    },
  };

  async function paidBy(accountId: string): Promise<{ customerId: string; subscription: SoldSubscription }> {
    const row = await store.find(accountId);
    const subscriptions = row && (await cashier.subscriptionsOf(row.customerId));
    const subscription = mainOf(subscriptions ?? []);
    if (!row || !subscription || !isLive(subscription)) {
      throw changed('The account pays for no plan (any more). Choose one first.');
    }
    return { customerId: row.customerId, subscription };
  }
}

function requirePaid({ status }: SoldSubscription): void {
  if (status === 'active' || status === 'trialing') return;
  throw changed(
    'A payment is open. Settle it at “Card, invoices and tax id at Stripe” first, and change the plan then.',
  );
}
