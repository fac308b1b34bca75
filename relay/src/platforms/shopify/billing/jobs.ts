import { type Jobs, NotYet } from '../../../jobs/jobs.ts';
import { PaymentsFault } from '../../../providers/payments/payments.ts';
import { SHOPIFY_PLAN, SHOPIFY_PLANS } from '../jobs.ts';
import type { Shops } from '../shops.ts';
import type { Billing } from './billing.ts';

/** When Shopify's notices are checked upon. */
const DAILY = '23 4 * * *';

/** Keeps the plans of the shops what Shopify says they are. */
export function handleBillingJobs(jobs: Jobs, { billing, shops }: { billing: Billing; shops: Shops }): void {
  jobs.handle(
    SHOPIFY_PLAN,
    async ({ siteId }, signal) => {
      try {
        await billing.refresh(siteId as string, signal);
      } catch (error) {
        if (error instanceof PaymentsFault && error.passing) throw new NotYet(error.message, { cause: error });
        throw error;
      }
    },
    { timeoutS: 60 },
  );

  jobs.schedule(SHOPIFY_PLANS, DAILY);
  jobs.handle(SHOPIFY_PLANS, async (_, signal) => {
    for await (const { siteId } of shops.installed()) {
      signal.throwIfAborted();
      await askForPlan(jobs, siteId);
    }
  });
}

/** Has the shop's plan asked for soon: after its installation, and when Shopify says that something has changed. */
export const askForPlan = (jobs: Pick<Jobs, 'enqueue'>, siteId: string): Promise<void> =>
  jobs.enqueue(SHOPIFY_PLAN, { siteId }, { key: siteId });
