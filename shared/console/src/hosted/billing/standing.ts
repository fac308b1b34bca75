import type { BillingResponse } from '@confab/contract';

type Used = { used: number; limit: number | null };
export type Subscription = NonNullable<BillingResponse['subscription']>;

/** How near something is to its limit: `near` from 80 % on, as the relay's mails say it, `over` where more is there. */
export type Nearness = 'unlimited' | 'fine' | 'near' | 'reached' | 'over';

export function nearnessOf({ used, limit }: Used): Nearness {
  if (limit === null) return 'unlimited';
  if (used > limit) return 'over';
  if (used === limit) return 'reached';
  return used * 100 >= limit * 80 ? 'near' : 'fine';
}

/** How much of the limit is used, in whole percent; never 100 as long as anything is left. */
export function percentOf({ used, limit }: { used: number; limit: number }): number {
  if (limit === 0) return 100;
  return Math.floor((used / limit) * 100);
}

/** Whether there is something at Stripe that can be changed; else a plan begins with its Checkout. */
export const isRunning = (subscription: BillingResponse['subscription']): subscription is Subscription =>
  subscription !== null && subscription.status !== 'canceled';

/** Whether what was ordered at Stripe has arrived here. */
export const isConfirmed = ({ subscription }: BillingResponse): boolean =>
  subscription?.status === 'active' || subscription?.status === 'trialing';

/** Whether a plan was chosen that holds again once it is paid. */
export const isUnpaid = (subscription: BillingResponse['subscription']): boolean =>
  subscription !== null && ['past_due', 'unpaid', 'incomplete', 'paused'].includes(subscription.status);
