import type { BillingResponse } from '@confab/contract';
import type { Card, Price, SoldSubscription, SubscriptionStatus } from '../../providers/payments/cashier.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long a plan stays while a payment fails, from when we heard of it. */
export const GRACE_MS = 14 * DAY_MS;
/** Owners are told so long before a trial ends; Stripe says so three days before, give or take. */
const TRIAL_NOTICE_MS = 3 * DAY_MS + 60 * 60 * 1_000;

/** What owners are told of by mail. */
export type Notice = 'payment_failed' | 'trial_ends' | 'plan_ends';
/** The moment that the owners were told of, by what it was about. */
export type Told = Partial<Record<Notice, string>>;

/** What an account pays for, as it was when the cashier was last asked. */
export type Standing = {
  subscriptionId: string | null;
  plan: string | null;
  interval: 'month' | 'year' | null;
  status: SubscriptionStatus;
  periodStart: Date | null;
  periodEnd: Date | null;
  trialEndsAt: Date | null;
  endsAt: Date | null;
  graceUntil: Date | null;
  cardBrand: string | null;
  cardLast4: string | null;
};

export type StoredStanding = Standing & { customerId: string; told: Told; checkedAt: Date };

/** What an account pays for that never paid for anything, or of which the cashier knows nothing any more. */
export const NOTHING: Standing = {
  subscriptionId: null,
  plan: null,
  interval: null,
  status: 'canceled',
  periodStart: null,
  periodEnd: null,
  trialEndsAt: null,
  endsAt: null,
  graceUntil: null,
  cardBrand: null,
  cardLast4: null,
};

/** Which says most about what the account may have, of several. */
const BY_WEIGHT: readonly SubscriptionStatus[] = [
  'active',
  'trialing',
  'past_due',
  'unpaid',
  'paused',
  'incomplete',
  'canceled',
  'incomplete_expired',
];
const OVER: readonly SubscriptionStatus[] = ['canceled', 'incomplete_expired'];

/** Whether it is still to be paid for, or may be again. */
export const isLive = ({ status }: Pick<SoldSubscription, 'status'>): boolean => !OVER.includes(status);

/** The one that counts: the customer should have one at a time, and may have had others. */
export const mainOf = (all: readonly SoldSubscription[]): SoldSubscription | undefined =>
  all.toSorted(
    (one, other) =>
      BY_WEIGHT.indexOf(one.status) - BY_WEIGHT.indexOf(other.status) || +other.createdAt - +one.createdAt,
  )[0];

/** By which key the price of a plan is known at the cashier. */
export const lookupKeyOf = (plan: string, interval: 'month' | 'year'): string => `confab_${plan}_${interval}`;

/**
 * The plan that is sold at this price: by its key, or, where the key went to a new price, by the product that both are
 * prices of. Nothing for what is none of ours.
 */
export function planSoldAs(price: Price, sold: readonly Price[]): string | undefined {
  const known = price.lookupKey ?? sold.find(({ productId }) => productId === price.productId)?.lookupKey;
  return /^confab_([a-z]+)_(?:month|year)$/.exec(known ?? '')?.[1];
}

/** What stands now. `sold` are the prices of the plans; `former` is what stood before. */
export function standingOf(
  subscriptions: readonly SoldSubscription[],
  { sold, former, now }: { sold: readonly Price[]; former: Standing; now: Date },
): Standing {
  const main = mainOf(subscriptions);
  // That there was a trial is known for good, so that nobody has two.
  const trialEndsAt = former.trialEndsAt;
  if (!main) return { ...NOTHING, trialEndsAt };
  const isSame = former.subscriptionId === main.id;
  // A price that nobody knows takes nothing away: the operator has changed something at Stripe, and the customer has not.
  const plan = planSoldAs(main.price, sold) ?? (isSame ? former.plan : null);
  const card: Card | null = isLive(main) ? main.card : null;
  return {
    subscriptionId: main.id,
    plan,
    interval: main.price.interval,
    status: main.status,
    periodStart: main.periodStart,
    periodEnd: main.periodEnd,
    trialEndsAt: main.trialEndsAt ?? trialEndsAt,
    endsAt: main.endsAt,
    graceUntil: main.status === 'past_due' ? (isSame && former.graceUntil) || graceFrom(now) : null,
    cardBrand: card?.brand ?? null,
    cardLast4: card?.last4 ?? null,
  };
}

const graceFrom = (now: Date): Date => new Date(now.getTime() + GRACE_MS);

/** The plan that the account has by this; nothing is the free one. */
export function planNow({ status, plan, graceUntil }: Standing, now: Date): string | null {
  if (status === 'active' || status === 'trialing') return plan;
  return status === 'past_due' && graceUntil !== null && graceUntil > now ? plan : null;
}

/** What the owners should be told of, and the moment that it is about. */
export function newsIn({ status, graceUntil, trialEndsAt, endsAt }: Standing, now: Date): Told {
  // While a payment is open, the grace ends the plan before its period does.
  const isRunning = status === 'active' || status === 'trialing';
  return {
    ...(graceUntil && { payment_failed: graceUntil.toISOString() }),
    ...(isRunning && endsAt && { plan_ends: endsAt.toISOString() }),
    ...(status === 'trialing' &&
      !endsAt &&
      trialEndsAt &&
      trialEndsAt.getTime() - now.getTime() <= TRIAL_NOTICE_MS && { trial_ends: trialEndsAt.toISOString() }),
  };
}

/** Which of the news they were not told of yet. */
export const untold = (news: Told, told: Told): [Notice, string][] =>
  (Object.entries(news) as [Notice, string][]).filter(([kind, moment]) => told[kind] !== moment);

/** Whether both say the same to whoever looks. */
export const isSameStanding = (one: Standing, other: Standing): boolean =>
  (Object.keys(NOTHING) as (keyof Standing)[]).every(key => String(one[key]) === String(other[key]));

/** What of it its owners should know before it bites, the most pressing first. */
export function noticesOf(standing: Standing, now: Date): BillingResponse['notices'] {
  const { status, graceUntil, endsAt, trialEndsAt } = standing;
  const notice = (kind: BillingResponse['notices'][number]['kind'], until: Date | null) => [
    { kind, limit: null, until: until?.toISOString() ?? null },
  ];
  if (planNow(standing, now) === null) return notice('no_plan', null);
  if (status === 'past_due') return notice('payment_failed', graceUntil);
  if (endsAt) return notice('plan_ends', endsAt);
  return status === 'trialing' ? notice('trial_ends', trialEndsAt) : [];
}
