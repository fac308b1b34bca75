import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createBreaker } from '../../lib/breaker.ts';
import { type FirstThatAnswers, firstThatAnswers, type StartTimer } from './first-that-answers.ts';
import { drain, requestFor, said } from './llm.contract.ts';
import { type Llm, type LlmPart, type LlmStep, ProviderError } from './llm.ts';

type Step =
  | string
  | Error
  | 'SILENCE'
  | { finished: 'stop' | 'filtered' }
  | { tools: 'begun' | 'ended' }
  | Promise<void>;

/** A model that does what it is told: says a text, fails with an error, or is silent until it is stopped. */
function scripted(provider: string, ...steps: Step[]) {
  const seen = { calls: 0, stopped: 0 };
  const llm: Llm = {
    provider,
    model: `${provider}-model`,
    async *stream({ signal }): AsyncGenerator<LlmStep> {
      seen.calls += 1;
      signal.addEventListener('abort', () => (seen.stopped += 1));
      for (const step of steps) {
        if (step instanceof Error) throw step;
        if (step === 'SILENCE') await new Promise(resolve => signal.addEventListener('abort', resolve));
        if (signal.aborted) return;
        if (step instanceof Promise) await step;
        else if (typeof step === 'string') yield { type: 'text', text: step };
        else if ('tools' in step) yield { type: 'tools', state: step.tools };
        else yield { type: 'finished', reason: step.finished };
      }
    },
  };
  return { key: provider, llm, seen };
}
const end = { finished: 'stop' } as const;
const down = new ProviderError('openai', 'server_error', { status: 500 });

/** Timers that fire when the test says so. */
function handTimers() {
  const running = new Map<() => void, number>();
  const startTimer: StartTimer = (ms, fire) => {
    running.set(fire, ms);
    return () => running.delete(fire);
  };
  const fire = (ms: number) => {
    for (const [each, of] of [...running]) {
      if (of !== ms) continue;
      running.delete(each);
      each();
    }
  };
  return { startTimer, fire, running };
}

function setUp(llms: ReturnType<typeof scripted>[], more: Partial<FirstThatAnswers> = {}) {
  const faults: ProviderError[] = [];
  const timers = handTimers();
  const clock = { time: 1_000_000 };
  const breaker = createBreaker({ now: () => clock.time });
  const options = { llms, breaker, onFault: (fault: ProviderError) => faults.push(fault), ...timers, ...more };
  return { ask: firstThatAnswers(options), faults, timers, clock, breaker };
}

const texts = (parts: LlmPart[]) => parts.map(part => (part.type === 'text' ? part.text : `(${part.reason})`)).join('');
const settled = () => new Promise(resolve => setImmediate(resolve));

describe('failover', () => {
  it('answers by the first provider, and calls no other', async () => {
    const [first, second] = [scripted('openai', 'Yes', '.', end), scripted('extractive', 'No.', end)];
    const { ask, faults } = setUp([first, second]);
    const answer = await ask(requestFor());
    expect(answer).toMatchObject({ provider: 'openai', model: 'openai-model' });
    expect(await drain(answer?.parts ?? [])).toEqual({
      parts: [...said('Yes', '.'), { type: 'finished', reason: 'stop' }],
    });
    expect(second.seen.calls).toBe(0);
    expect(faults).toEqual([]);
  });

  it('asks the next one when a provider fails before its first text, and tells why', async () => {
    const { ask, faults } = setUp([
      scripted('openai', down),
      scripted('anthropic', end),
      scripted('filtered', { finished: 'filtered' }),
      scripted('broken', new TypeError('a slip of ours')),
      scripted('extractive', 'Quote.', end),
    ]);
    expect(await ask(requestFor())).toMatchObject({ provider: 'extractive' });
    expect(faults.map(String)).toEqual([
      'ProviderError: openai: server_error (HTTP 500)',
      'ProviderError: anthropic: empty',
      'ProviderError: filtered: filtered',
      'ProviderError: broken: malformed',
    ]);
  });

  it('gives up on a provider that does not begin in time, and stops its call', async () => {
    const [slow, next] = [scripted('openai', 'SILENCE'), scripted('extractive', 'Quote.', end)];
    const { ask, faults, timers } = setUp([slow, next]);
    const answer = ask(requestFor());
    await settled();
    expect([...timers.running.values()]).toEqual([8_000]);
    timers.fire(8_000);
    expect(await answer).toMatchObject({ provider: 'extractive' });
    expect(faults).toMatchObject([{ provider: 'openai', fault: 'timed_out' }]);
    expect(slow.seen.stopped).toBe(1);
  });

  it('does not count the time of the tools, and then gives the vendor as long again', async () => {
    const [tool, vendor] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const model = scripted(
      'openai',
      { tools: 'begun' },
      tool.promise,
      { tools: 'ended' },
      vendor.promise,
      { tools: 'begun' },
      { tools: 'ended' },
      'Yes.',
      end,
    );
    const { ask, timers, faults } = setUp([model, scripted('extractive', 'Quote.', end)]);
    const answer = ask(requestFor());
    await settled();
    expect([...timers.running.values()]).toEqual([]);
    tool.resolve();
    await settled();
    expect([...timers.running.values()]).toEqual([8_000]);
    vendor.resolve();
    const parts = (await answer)?.parts ?? [];
    expect([...timers.running.values()]).toEqual([30_000]);
    expect(texts((await drain(parts)).parts)).toBe('Yes.(stop)');
    expect(timers.running.size).toBe(0);
    expect(faults).toEqual([]);
  });

  it('gives up on a provider that falls silent behind its tools', async () => {
    const silent = scripted('openai', { tools: 'begun' }, { tools: 'ended' }, 'SILENCE');
    const { ask, timers, faults } = setUp([silent, scripted('extractive', 'Quote.', end)]);
    const answer = ask(requestFor());
    await settled();
    timers.fire(8_000);
    expect(await answer).toMatchObject({ provider: 'extractive' });
    expect(faults).toMatchObject([{ provider: 'openai', fault: 'timed_out' }]);
  });

  it('goes on with an answer that calls tools after its first words', async () => {
    const vendor = Promise.withResolvers<void>();
    const steps = ['One moment.', { tools: 'begun' }, { tools: 'ended' }, vendor.promise, ' Yes.', end] as const;
    const { ask, timers } = setUp([scripted('openai', ...steps)]);
    const result = drain((await ask(requestFor()))?.parts ?? []);
    await settled();
    expect([...timers.running.values()]).toEqual([30_000]);
    vendor.resolve();
    expect(texts((await result).parts)).toBe('One moment. Yes.(stop)');
    expect(timers.running.size).toBe(0);
  });

  it('throws the last fault when nobody answers', async () => {
    const { ask, faults } = setUp([scripted('anthropic', end), scripted('openai', down)]);
    await expect(ask(requestFor())).rejects.toBe(down);
    expect(faults).toHaveLength(2);
    await expect(setUp([]).ask(requestFor())).rejects.toMatchObject({ provider: 'none' });
  });

  it('tells a failure after the first text by the answer itself, and asks nobody else', async () => {
    const [first, second] = [scripted('openai', 'Yes', ', ', down), scripted('extractive', 'Quote.', end)];
    const { ask, faults } = setUp([first, second]);
    const { parts, error } = await drain((await ask(requestFor()))?.parts ?? []);
    expect(parts).toEqual(said('Yes', ', '));
    expect(error).toBe(down);
    expect(faults).toEqual([]);
    expect(second.seen.calls).toBe(0);
  });

  it('ends an answer that falls silent for two ticks of the idle limit', async () => {
    const first = scripted('openai', 'Yes', 'SILENCE');
    const { ask, timers } = setUp([first]);
    const result = drain((await ask(requestFor()))?.parts ?? []);
    await settled();
    timers.fire(30_000);
    timers.fire(30_000);
    expect(await result).toMatchObject({ parts: said('Yes'), error: { fault: 'timed_out' } });
    expect(first.seen.stopped).toBe(1);
  });

  it('does not blame the provider for a visitor who reads slowly', async () => {
    const { ask, timers } = setUp([scripted('openai', 'Yes', '.', end)]);
    const answer = await ask(requestFor());
    for (let tick = 0; tick < 10; tick++) timers.fire(30_000);
    expect(texts((await drain(answer?.parts ?? [])).parts)).toBe('Yes.(stop)');
  });

  it('skips a provider that keeps failing, and tries it again after its pause', async () => {
    const openai = scripted('openai', down);
    const { ask, clock } = setUp([openai, scripted('extractive', 'Quote.', end)]);
    for (let turn = 0; turn < 5; turn++) await drain((await ask(requestFor()))?.parts ?? []);
    expect(openai.seen.calls).toBe(3);
    clock.time += 30_000;
    await ask(requestFor());
    await ask(requestFor());
    expect(openai.seen.calls).toBe(4);
  });

  it('skips a provider for as long as it asked to be left alone', async () => {
    const openai = scripted('openai', new ProviderError('openai', 'rate_limited', { retryAfterMs: 9_000 }));
    const { ask, clock } = setUp([openai, scripted('extractive', 'Quote.', end)]);
    await ask(requestFor());
    clock.time += 8_999;
    await ask(requestFor());
    expect(openai.seen.calls).toBe(1);
    clock.time += 1;
    await ask(requestFor());
    expect(openai.seen.calls).toBe(2);
  });

  it('counts an answer that breaks off as a failure', async () => {
    const openai = scripted('openai', 'Yes', down);
    const { ask } = setUp([openai, scripted('extractive', 'Quote.', end)]);
    for (let turn = 0; turn < 4; turn++) await drain((await ask(requestFor()))?.parts ?? []);
    expect(openai.seen.calls).toBe(3);
  });

  it('always tries the last one', async () => {
    const only = scripted('openai', down);
    const { ask } = setUp([only]);
    for (let turn = 0; turn < 5; turn++) await ask(requestFor()).catch(() => {});
    expect(only.seen.calls).toBe(5);
  });

  it.each([
    ['a filter', { finished: 'filtered' } as const],
    ['a refused body', new ProviderError('openai', 'refused', { status: 400 })],
  ])('does not let one visitor’s words keep a provider from others: %s', async (_what, step) => {
    const openai = scripted('openai', step);
    const { ask } = setUp([openai, scripted('extractive', 'Quote.', end)]);
    for (let turn = 0; turn < 5; turn++) await ask(requestFor());
    expect(openai.seen.calls).toBe(5);
  });

  it('fails where nobody can say what may be paid for, and holds it against no provider', async () => {
    const openai = scripted('openai', new ProviderError('openai', 'unpayable'));
    const { ask } = setUp([openai, scripted('extractive', 'Quote.', end)]);
    for (let turn = 0; turn < 5; turn++) await expect(ask(requestFor())).rejects.toMatchObject({ fault: 'unpayable' });
    expect(openai.seen.calls).toBe(5);
  });

  it('resolves to nothing, without a fault, when the visitor leaves while waiting', async () => {
    const [slow, next] = [scripted('openai', 'SILENCE'), scripted('extractive', 'Quote.', end)];
    const { ask, faults, breaker } = setUp([slow, next]);
    for (let turn = 0; turn < 5; turn++) {
      const visitor = new AbortController();
      const answer = ask(requestFor({ signal: visitor.signal }));
      await settled();
      visitor.abort();
      expect(await answer).toBeUndefined();
    }
    expect(faults).toEqual([]);
    expect(breaker.allows('openai')).toBe(true);
    expect(next.seen.calls).toBe(0);
    expect(await ask(requestFor({ signal: AbortSignal.abort() }))).toBeUndefined();
    expect(slow.seen.calls).toBe(5);
  });

  it('ends quietly when the visitor leaves in the middle', async () => {
    const first = scripted('openai', 'Yes', 'SILENCE');
    const visitor = new AbortController();
    const { ask, faults } = setUp([first]);
    const result = drain((await ask(requestFor({ signal: visitor.signal })))?.parts ?? []);
    await settled();
    visitor.abort();
    expect(await result).toEqual({ parts: said('Yes') });
    expect(faults).toEqual([]);
  });

  it('stops the vendor when the answer is closed before it is read', async () => {
    const first = scripted('openai', 'Yes', 'SILENCE');
    const { ask, timers } = setUp([first]);
    const answer = await ask(requestFor());
    await answer?.parts[Symbol.asyncIterator]().return?.();
    expect(first.seen.stopped).toBe(1);
    expect(timers.running.size).toBe(0);
  });

  it.each([
    ['an answer', ['Yes', end]],
    ['a fault', [down]],
    ['an answer that breaks off', ['Yes', down]],
  ] as const)('leaves no timer and no listener behind: %s', async (_what, steps) => {
    const { signal } = new AbortController();
    const { ask, timers } = setUp([scripted('openai', ...steps), scripted('extractive', 'Quote.', end)]);
    await drain((await ask(requestFor({ signal })))?.parts ?? []);
    expect(timers.running.size).toBe(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('tells an answer without an end as malformed', async () => {
    const { ask } = setUp([scripted('openai', 'Yes')]);
    expect(await drain((await ask(requestFor()))?.parts ?? [])).toMatchObject({ error: { fault: 'malformed' } });
  });
});
