import type { Jobs } from '../../jobs/jobs.ts';
import type { Billing } from './billing.ts';
import { LOOK } from './receive.ts';

const SWEEP = 'billing.sweep';
const RECONCILE = 'billing.reconcile';
const FORGET = 'billing.forget';

type Deps = { billing: Pick<Billing, 'look' | 'sweep' | 'reconcile' | 'forget'> };

/**
 * Looks at customers of whom something was told at once, and every five minutes at those that had to wait; compares all of
 * them every night.
 */
export function handleBillingJobs(jobs: Jobs, { billing }: Deps): void {
  // After a few tries the sweep has it tried again, for as long as it takes.
  jobs.handle(LOOK, ({ customerId = '' }) => billing.look(customerId), { atOnce: 2, retries: 3 });

  jobs.handle(SWEEP, () => billing.sweep(customerId => jobs.enqueue(LOOK, { customerId }, { key: customerId })), {
    alone: true,
  });
  jobs.schedule(SWEEP, '*/5 * * * *');

  jobs.handle(RECONCILE, (_, signal) => billing.reconcile(signal), { alone: true, timeoutS: 6 * 60 * 60 });
  jobs.schedule(RECONCILE, '10 2 * * *');

  jobs.handle(FORGET, () => billing.forget(), { alone: true });
  jobs.schedule(FORGET, '25 3 * * *');
}
