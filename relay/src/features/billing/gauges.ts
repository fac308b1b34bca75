import type { Gauges } from '../../lib/metrics.ts';
import type { BillingStore } from './store.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

type Deps = { store: Pick<BillingStore, 'waitingSeconds' | 'differing'>; now: () => Date };

/** What an operator watches: whether events are worked on, and whether they come at all. */
export const billingGauges = ({ store, now }: Deps): Gauges => ({
  confab_billing_event_age_seconds: {
    help: 'For how long the oldest event of Stripe has waited to be worked on; 0 where none does.',
    read: () => store.waitingSeconds(now()),
  },
  confab_billing_differences: {
    help: 'Accounts at which the nightly comparison with Stripe found in the last day what no event had told.',
    read: () => store.differing(new Date(now().getTime() - DAY_MS)),
  },
});
