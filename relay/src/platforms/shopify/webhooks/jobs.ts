import type { Jobs } from '../../../jobs/jobs.ts';
import { SHOPIFY_WEBHOOKS } from '../jobs.ts';
import { DOCUMENT_DAYS } from './compliance.ts';
import type { createProcess } from './process.ts';
import type { WebhookStore } from './store.ts';

const SWEEP = 'shopify.webhooks.sweep';
const PRUNE = 'shopify.webhooks.prune';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Of what every shop may be asked to prove; as long as the consent records stay unless a site says otherwise. */
export const RECEIPT_DAYS = 1_095;

type Deps = {
  process: ReturnType<typeof createProcess>;
  store: Pick<WebhookStore, 'prune'>;
  forgetDeleted: () => Promise<void>;
  now: () => Date;
};

/** Works off what Shopify tells: at once, what had to wait every five minutes; and forgets it in time, every night. */
export function handleWebhookJobs(jobs: Jobs, { process, store, forgetDeleted, now }: Deps): void {
  jobs.handle(SHOPIFY_WEBHOOKS, ({ domain = '' }, signal) => process.workOff(domain, signal));

  jobs.handle(SWEEP, () => process.sweep());
  jobs.schedule(SWEEP, '*/5 * * * *');

  jobs.handle(PRUNE, async () => {
    const daysAgo = (days: number) => new Date(now().getTime() - days * DAY_MS);
    const pruned = await store.prune({ sealedBefore: daysAgo(DOCUMENT_DAYS), receiptsBefore: daysAgo(RECEIPT_DAYS) });
    if (pruned > 0) await forgetDeleted();
  });
  jobs.schedule(PRUNE, '17 3 * * *');
}
