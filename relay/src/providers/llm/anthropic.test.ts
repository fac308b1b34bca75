import { afterEach, describe, expect, it } from 'vitest';
import { startFakeAnthropic } from '../../../../e2e/fakes/anthropic.ts';
import { event, type FakeModelServer } from '../../../../e2e/fakes/model-server.ts';
import { anthropicModel } from './anthropic.ts';
import { apiKey, drain, type Harness, llmContract, recordedContract, requestFor, said } from './llm.contract.ts';

const start: Harness = async script => {
  const vendor = await startFakeAnthropic({ script });
  return { vendor, llm: anthropicModel({ apiKey, baseUrl: vendor.url, model: 'claude-test' }) };
};

const named = (data: { type: string; [field: string]: unknown }) => event(data, data.type);

llmContract('anthropic', start);
recordedContract('anthropic_messages', start, named);

describe('anthropic', () => {
  let vendor: FakeModelServer | undefined;
  afterEach(() => vendor?.close());

  async function asked(raw: string) {
    const harness = await start({ raw });
    vendor = harness.vendor;
    return drain(harness.llm.stream(requestFor()));
  }

  it.each([
    ['overloaded_error', 'server_error'],
    ['rate_limit_error', 'rate_limited'],
    ['invalid_request_error', 'refused'],
    ['timeout_error', 'timed_out'],
    ['a_new_error', 'refused'],
    [undefined, 'server_error'],
  ])('tells an error event as a fault: %s', async (type, fault) => {
    const { error } = await asked(named({ type: 'error', error: { type, message: 'no' } }));
    expect(error).toMatchObject({ fault, message: `anthropic: ${fault}` });
  });

  it('takes an answer for cut that stops before its last event', async () => {
    const { parts, error } = await asked(
      named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Yes.' } }) +
        named({ type: 'message_delta', delta: { stop_reason: 'end_turn' } }),
    );
    expect(parts).toEqual(said('Yes.'));
    expect(error).toMatchObject({ fault: 'malformed' });
  });

  it('tells words only, not what the model thought', async () => {
    const delta = (delta: object) => named({ type: 'content_block_delta', index: 0, delta });
    const { parts } = await asked(
      delta({ type: 'thinking_delta', thinking: 'They ask for a kettle.' }) +
        delta({ type: 'text_delta', text: 'Yes.' }) +
        named({ type: 'message_delta', delta: { stop_reason: 'model_context_window_exceeded' } }) +
        named({ type: 'message_stop' }),
    );
    expect(parts).toEqual([...said('Yes.'), { type: 'finished', reason: 'length' }]);
  });
});
