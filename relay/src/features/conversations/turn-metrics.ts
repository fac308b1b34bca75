import { modelProvider, type TurnEvent } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import type { Metrics } from '../../lib/metrics.ts';

const KINDS = ['stored', 'carried'] as const;
/** Who answered; none where it did not come to that. */
const PROVIDERS = [...modelProvider.options, 'extractive', 'agent', 'none'];

/**
 * - `completed`, `failed`: as the visitor was told by the last event
 * - `agent`: left to somebody of the team who has taken over
 * - `interrupted`: the visitor left before the end
 * - `refused`: a 4xx in the place of an answer
 * - `turned_away`: a 503, as the process is full or stopping
 * - `unavailable`: any other 5xx in the place of an answer
 */
const OUTCOMES = ['completed', 'failed', 'agent', 'interrupted', 'refused', 'turned_away', 'unavailable'] as const;

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 13];

export type TurnMetrics = ReturnType<typeof turnMetrics>;

/** What is measured of a turn, from the arrival of its request to its last event. A replayed turn is one as any. */
export function turnMetrics(metrics: Metrics) {
  const turns = metrics.counter('confab_turns_total', 'Questions, by what became of them and who answered.', {
    kind: KINDS,
    outcome: OUTCOMES,
    provider: PROVIDERS,
  });
  const firstToken = metrics.histogram(
    'confab_time_to_first_token_seconds',
    'From the arrival of a question to the first piece of its answer, by who answered.',
    { provider: PROVIDERS },
    SECONDS,
  );
  const whole = metrics.histogram(
    'confab_answer_seconds',
    'From the arrival of a question to the end of its answer, by who answered; of completed answers.',
    { provider: PROVIDERS },
    [...SECONDS, 21, 34, 55],
  );

  /** Follows one turn; `begun` is when its request arrived, as `performance.now()` tells it. */
  return (kind: (typeof KINDS)[number], begun: number) => {
    let provider = 'none';
    let outcome: (typeof OUTCOMES)[number] = 'interrupted';
    let hasText = false;
    const seconds = () => (performance.now() - begun) / 1_000;

    return {
      /** An event was written to the visitor. */
      sent({ event, data }: TurnEvent): void {
        if (event === 'delta' && !hasText) {
          hasText = true;
          firstToken.observe({ provider }, seconds());
        } else if (event === 'started') {
          provider = data.provider;
        } else if (event === 'failed') {
          outcome = 'failed';
        } else if (event === 'completed') {
          outcome = data.finishReason === 'agent' ? 'agent' : 'completed';
          if (outcome === 'completed') whole.observe({ provider }, seconds());
        }
      },

      /** There was no answer, for this reason. */
      refused(error: unknown): void {
        if (!(error instanceof AppError)) outcome = 'unavailable';
        else if (error.status < 500) outcome = 'refused';
        else outcome = error.code === 'unavailable' && error.cause === undefined ? 'turned_away' : 'unavailable';
      },

      /** The turn is over; counts it. */
      ended(): void {
        turns.add({ kind, outcome, provider });
      },
    };
  };
}
