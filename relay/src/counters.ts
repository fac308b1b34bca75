import { crmName, decision, modelProvider } from '@confab/contract';
import type { JobOutcome } from './jobs/jobs.ts';
import type { Outcome } from './jobs/outbox.ts';
import { word } from './lib/log-fields.ts';
import type { Metrics } from './lib/metrics.ts';
import type { ProviderFault } from './providers/llm/llm.ts';

const JOB_OUTCOMES = ['done', 'failed', 'postponed', 'stopped'] as const satisfies JobOutcome[];
/** To those inside, an event is a delivery as any. */
const RECEIVERS = [...crmName.options, 'shopify', 'wordpress', 'webhook', 'email', 'event'];
const DELIVERY_OUTCOMES = [
  'delivered',
  'had',
  'done',
  'gone',
  'held',
  'later',
  'refused',
] as const satisfies Outcome['is'][];
/** Of the account's plan, of the site's own number of answers, of the owner's money. */
const LIMITS = ['plan', 'owner', 'spend'] as const;
/** Names of rates are in camel case. */
const rate = (name: string): string | undefined => (/^[a-z][A-Za-z]{1,40}$/.test(name) ? name : undefined);

export type Counters = ReturnType<typeof createCounters>;

/** What is counted of the features, each where it is wired. Never of whom: see docs/observability.md. */
export function createCounters(metrics: Metrics) {
  const counter = metrics.counter;
  const faults = counter(
    'confab_provider_faults_total',
    'Calls of a provider that brought no whole answer, by the fault.',
    {
      provider: [...modelProvider.options, 'extractive'],
      fault: word,
    },
  );
  const failedOver = counter(
    'confab_answers_failed_over_total',
    'Answers that came from another provider than the one asked first, by who answered.',
    { provider: [...modelProvider.options, 'extractive'] },
  );
  const unembedded = counter(
    'confab_questions_not_embedded_total',
    'Questions that were searched by their words alone, as the provider of embeddings failed.',
    {},
  );
  const limits = counter('confab_limits_reached_total', 'Answers that no model was asked for, by whose limit it was.', {
    limit: LIMITS,
  });
  const limited = counter(
    'confab_rate_limited_total',
    'Calls that were refused as too many, by the name of the rate.',
    {
      rate,
    },
  );
  const consents = counter('confab_consents_total', 'Decisions of visitors, by which.', {
    decision: decision.options,
  });
  const leads = counter('confab_leads_total', 'Leads that were taken down.', {});
  const jobs = counter('confab_jobs_total', 'Tries of jobs, by queue and what became of them.', {
    queue: word,
    outcome: JOB_OUTCOMES,
  });
  const deliveries = counter(
    'confab_deliveries_total',
    'Tries to hand something over, by receiver and what came of it.',
    {
      receiver: RECEIVERS,
      outcome: DELIVERY_OUTCOMES,
    },
  );
  return {
    providerFault: (provider: string, fault: ProviderFault): void => faults.add({ provider, fault }),
    failedOver: (provider: string): void => failedOver.add({ provider }),
    notEmbedded: (): void => unembedded.add({}),
    limitReached: (limit: (typeof LIMITS)[number]): void => limits.add({ limit }),
    rateLimited: (name: string): void => limited.add({ rate: name }),
    consent: (made: string): void => consents.add({ decision: made }),
    lead: (): void => leads.add({}),
    jobTried: (queue: string, outcome: JobOutcome): void => jobs.add({ queue, outcome }),
    /** A target is a receiver, or names one before a colon. */
    deliveryTried: (target: string, outcome: Outcome['is']): void =>
      deliveries.add({ receiver: target.replace(/:.*/, ''), outcome }),
  };
}
