import type { Gauges } from '../../lib/metrics.ts';
import type { UsageStore } from './store.ts';

/** What an operator watches: what all sites cost together, by the month of UTC's calendar. */
export const usageGauges = ({ store, now }: { store: UsageStore; now: () => Date }): Gauges => ({
  confab_spend_month_usd: {
    help: 'What providers were paid for all sites in this month, in US dollars, reservations included.',
    read: async () => (await store.spentIn(now().toISOString().slice(0, 7))) / 1e6,
  },
});
