import { webhookEvent } from '@confab/contract';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { WEBHOOK } from './target.ts';
import type { Webhooks } from './webhooks.ts';

const SWEEP = 'webhooks.sweep';

/** Hears of what happened, sends what is to be told, and looks every five minutes for what has ended and what is over. */
export function handleWebhooks(jobs: Jobs, outbox: Outbox, webhooks: Webhooks): void {
  for (const type of webhookEvent.options) outbox.on(type, event => webhooks.hear({ ...event, type }));
  outbox.handle(WEBHOOK, webhooks.deliver);
  jobs.handle(SWEEP, (_, signal) => webhooks.sweep(signal), { alone: true });
  jobs.schedule(SWEEP, '*/5 * * * *');
}
