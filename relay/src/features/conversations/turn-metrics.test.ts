import type { TurnEvent } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../lib/app-error.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { turnMetrics } from './turn-metrics.ts';

const turnId = '0197a1b2-0000-7000-8000-000000000001';
const started: TurnEvent = { event: 'started', data: { turnId, provider: 'openai', model: 'm' } };
const delta: TurnEvent = { event: 'delta', data: { text: 'Hello' } };
const failed: TurnEvent = { event: 'failed', data: { code: 'provider_failed', retryable: true } };
const completed = (finishReason: 'stop' | 'agent' = 'stop'): TurnEvent => ({
  event: 'completed',
  data: { turnId, text: 'Hello', citations: [], finishReason },
});

/** What is counted of one turn: each series that is not 0. */
async function counted(events: TurnEvent[], error?: unknown): Promise<string[]> {
  const metrics = createMetrics();
  const turn = turnMetrics(metrics)('carried', performance.now() - 300);
  for (const event of events) turn.sent(event);
  if (error !== undefined) turn.refused(error);
  turn.ended();
  const lines = (await metrics.text()).split('\n');
  return lines.filter(line => /^confab_\w+_(total|count)\b/.test(line) && !line.endsWith(' 0'));
}

describe('a turn', () => {
  const turnOf = (outcome: string, provider = 'none') =>
    `confab_turns_total{kind="carried",outcome="${outcome}",provider="${provider}"} 1`;

  it('is counted with who answered, and timed to its first piece and to its end', async () => {
    expect(await counted([started, delta, delta, completed()])).toEqual([
      turnOf('completed', 'openai'),
      'confab_time_to_first_token_seconds_count{provider="openai"} 1',
      'confab_answer_seconds_count{provider="openai"} 1',
    ]);
  });

  it('that broke off, was left, or is an agent’s has no time of a whole answer', async () => {
    const first = 'confab_time_to_first_token_seconds_count{provider="openai"} 1';
    expect(await counted([started, delta, failed])).toEqual([turnOf('failed', 'openai'), first]);
    expect(await counted([started, delta])).toEqual([turnOf('interrupted', 'openai'), first]);
    expect(await counted([])).toEqual([turnOf('interrupted')]);
    const agents: TurnEvent = { event: 'started', data: { turnId, provider: 'agent', model: '' } };
    expect(await counted([agents, completed('agent')])).toEqual([turnOf('agent', 'agent')]);
  });

  it.each([
    ['refused', new AppError('consent_required', 'x')],
    ['turned_away', new AppError('unavailable', 'x')],
    ['unavailable', new AppError('unavailable', 'x', { cause: new Error() })],
    ['unavailable', new TypeError('x')],
  ])('that was answered by an error is "%s"', async (outcome, error) => {
    expect(await counted([], error)).toEqual([turnOf(outcome)]);
  });

  it('is in the bucket of the time since its request came', async () => {
    const metrics = createMetrics();
    const turn = turnMetrics(metrics)('stored', performance.now() - 300);
    for (const event of [started, delta]) turn.sent(event);
    const text = await metrics.text();
    const bucket = (le: string) =>
      text.includes(`confab_time_to_first_token_seconds_bucket{le="${le}",provider="openai"} 1`);
    expect(['0.25', '0.5'].map(bucket)).toEqual([false, true]);
  });
});
