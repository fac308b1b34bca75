import type { BillingResponse, Plan, PlanFeature } from '@confab/contract';
import { __, _n, sprintf } from '@wordpress/i18n';
import { formatDay, formatNumber, formatUtcDay } from '../../format.ts';
import { isUnpaid, type Subscription } from './standing.ts';

export type BillingNotice = BillingResponse['notices'][number];
export type Limited = NonNullable<BillingNotice['limit']>;

/** What happens to conversations at the limit of the plan. */
const servedOn = (isReached: boolean): string =>
  [
    isReached
      ? __('New conversations are answered by quoting your pages, without a language model.', 'confab')
      : __(
          'Once they are used up, new conversations are answered by quoting your pages, without a language model.',
          'confab',
        ),
    __('Your visitors see no error, nothing is lost, and conversations that are under way go on as before.', 'confab'),
  ].join(' ');

/** What an account has once nothing is paid any more. */
export const freePlan = (): string =>
  __(
    'The account then goes on with the free plan. Nothing is deleted: sites, conversations, leads and settings stay, and more than the free plan includes cannot be added.',
    'confab',
  );

/** What the owner should know, and how pressing it is. */
export function noticeWords(
  { kind, limit, until }: BillingNotice,
  { usage, plan, subscription }: BillingResponse,
): { status: 'error' | 'warning' | 'info'; says: string; more: string } {
  const day = formatDay(until);
  switch (kind) {
    case 'limit_near':
    case 'limit_reached': {
      const of = limit ?? 'conversations';
      const status = 'warning';
      return { status, says: usedWords(of, usage[of]), more: atLimit(of, usage) };
    }
    case 'payment_failed':
      return {
        status: 'error',
        says: __('A payment did not go through.', 'confab'),
        more: until
          ? sprintf(
              /* translators: %s: a day */
              __(
                'Everything works as before until %s, and the payment is tried again. If nothing is paid by then, the plan ends.',
                'confab',
              ),
              day,
            )
          : __('Update your card, so that it can be tried again.', 'confab'),
      };
    case 'trial_ends':
      return {
        status: 'info',
        says: sprintf(/* translators: %s: a day */ __('Your trial ends on %s.', 'confab'), day),
        more: __(
          'If a card is stored at Stripe, the plan goes on and the first invoice follows. If none is stored, the plan ends.',
          'confab',
        ),
      };
    case 'plan_ends':
      return {
        status: 'warning',
        says: sprintf(/* translators: %s: a day */ __('Your plan ends on %s.', 'confab'), day),
        more: freePlan(),
      };
    default:
      return {
        status: 'info',
        says: sprintf(
          /* translators: %s: the name of a plan */
          __('No plan is paid for, so the limits of “%s” hold.', 'confab'),
          plan?.name ?? '',
        ),
        more: isUnpaid(subscription)
          ? __('Update your card: as soon as the payment goes through, your plan holds again.', 'confab')
          : __('Choose a plan to have more.', 'confab'),
      };
  }
}

type Used = { used: number; limit: number | null };

function usedWords(limit: Limited, { used, limit: most }: Used): string {
  const numbers = [formatNumber(used), formatNumber(most ?? used)] as const;
  switch (limit) {
    case 'conversations':
      return sprintf(
        /* translators: 1: a number 2: a number */
        __('Conversations of this month: %1$s of %2$s used.', 'confab'),
        ...numbers,
      );
    case 'sites':
      return sprintf(/* translators: 1: a number 2: a number */ __('Sites: %1$s of %2$s used.', 'confab'), ...numbers);
    default:
      return sprintf(
        /* translators: 1: a number 2: a number */
        __('Seats of the team: %1$s of %2$s used.', 'confab'),
        ...numbers,
      );
  }
}

/** What happens at a limit, said before it bites. */
export function atLimit(limit: Limited, usage: BillingResponse['usage']): string {
  const { used, limit: most } = usage[limit];
  switch (limit) {
    case 'conversations':
      return `${servedOn(most !== null && used >= most)} ${sprintf(
        /* translators: %s: a day */
        __('The count begins anew on %s (UTC).', 'confab'),
        formatUtcDay(usage.periodEnd),
      )}`;
    case 'sites':
      return __('At the limit no more sites can be added. Those that are there stay, and work on.', 'confab');
    default:
      return __('At the limit nobody more can be invited. Whoever belongs to the team stays.', 'confab');
  }
}

/** What a plan includes, line by line; what only other plans include is not in it. */
export function includes({ limits, features }: Plan): string[] {
  const { conversationsPerMonth, messagesPerConversation, sites, seats } = limits;
  return [
    conversationsPerMonth === null
      ? __('Any number of conversations', 'confab')
      : sprintf(
          /* translators: %s: a number */
          _n('%s conversation each month', '%s conversations each month', conversationsPerMonth, 'confab'),
          formatNumber(conversationsPerMonth),
        ),
    messagesPerConversation === null
      ? __('Any number of answers in a conversation', 'confab')
      : sprintf(
          /* translators: %s: a number */
          _n(
            '%s answer by a model in a conversation',
            '%s answers by a model in a conversation',
            messagesPerConversation,
            'confab',
          ),
          formatNumber(messagesPerConversation),
        ),
    sites === null
      ? __('Any number of sites', 'confab')
      : sprintf(/* translators: %s: a number */ _n('%s site', '%s sites', sites, 'confab'), formatNumber(sites)),
    seats === null
      ? __('Any number of people in the team', 'confab')
      : sprintf(
          /* translators: %s: a number */
          _n('%s person in the team', '%s people in the team', seats, 'confab'),
          formatNumber(seats),
        ),
    ...features.map(featureName),
  ];
}

export const featureName = (feature: PlanFeature): string =>
  ({
    takeover: __('Taking over conversations', 'confab'),
    crm: __('Leads in your CRM', 'confab'),
    webhooks: __('Webhooks', 'confab'),
  })[feature];

export function statusWords({ status, trialEndsAt, graceUntil, endsAt, periodEnd }: Subscription): string {
  switch (status) {
    case 'trialing':
      return sprintf(/* translators: %s: a day */ __('On trial until %s', 'confab'), formatDay(trialEndsAt));
    case 'past_due':
      return graceUntil && Date.parse(graceUntil) > Date.now()
        ? sprintf(
            /* translators: %s: a day */
            __('A payment failed; the plan works on until %s', 'confab'),
            formatDay(graceUntil),
          )
        : __('A payment failed', 'confab');
    case 'unpaid':
      return __('Not paid, so the plan is at rest', 'confab');
    case 'incomplete':
      return __('The first payment is not through yet', 'confab');
    case 'paused':
      return __('Paused, as the trial ended without a card', 'confab');
    case 'canceled':
      return __('Ended', 'confab');
    default:
      if (endsAt)
        return sprintf(/* translators: %s: a day */ __('Cancelled; works on until %s', 'confab'), formatDay(endsAt));
      return sprintf(/* translators: %s: a day */ __('Active; renews on %s', 'confab'), formatDay(periodEnd));
  }
}

export const intervalName = (interval: 'month' | 'year'): string =>
  interval === 'month' ? __('paid by the month', 'confab') : __('paid by the year', 'confab');

/** Cards as their makers write them. */
const BRANDS: Record<string, string> = {
  amex: 'American Express',
  diners: 'Diners Club',
  discover: 'Discover',
  jcb: 'JCB',
  mastercard: 'Mastercard',
  unionpay: 'UnionPay',
  visa: 'Visa',
};

export const cardWords = ({ brand, last4 }: { brand: string; last4: string }): string =>
  sprintf(
    /* translators: 1: a brand of cards 2: its last four digits */
    __('%1$s ending in %2$s', 'confab'),
    BRANDS[brand] ?? brand,
    last4,
  );
