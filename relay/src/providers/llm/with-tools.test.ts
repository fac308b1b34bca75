import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { StartTimer } from './first-that-answers.ts';
import { drain, echo, requestFor, said } from './llm.contract.ts';
import { type LlmRequest, type Model, type ModelPart, ProviderError, type Tool } from './llm.ts';
import { withTools } from './with-tools.ts';

type Step = string | Error | { call: string; input?: unknown } | { end: 'stop' | 'length' | 'filtered' };

/** A model that plays one script a call, the last one again and again, and keeps what it was asked. */
function scripted(...scripts: Step[][]) {
  const asked: LlmRequest[] = [];
  const model: Model = {
    provider: 'openai',
    model: 'gpt-test',
    async *stream(request): AsyncGenerator<ModelPart> {
      asked.push({ ...request, rounds: [...(request.rounds ?? [])] });
      const script = scripts[Math.min(asked.length, scripts.length) - 1] as Step[];
      let called = 0;
      for (const step of script) {
        if (step instanceof Error) throw step;
        if (typeof step === 'string') yield { type: 'text', text: step };
        else if ('end' in step) return yield { type: 'finished', reason: step.end };
        else {
          called += 1;
          const id = `${asked.length}-${called}`;
          yield { type: 'call', call: { id, name: step.call, input: step.input ?? {} } };
        }
      }
      yield { type: 'finished', reason: called > 0 ? 'tools' : 'stop' };
    },
  };
  return { model, asked };
}

const begun = { type: 'tools', state: 'begun' } as const;
const ended = { type: 'tools', state: 'ended' } as const;
const stop = { type: 'finished', reason: 'stop' } as const;

/** A tool that keeps what it was called with. */
function counted(name: string, run: Tool['run'] = async () => `${name} ran`) {
  const inputs: unknown[] = [];
  const tool = echo(name, (input, signal) => {
    inputs.push(input);
    return run(input, signal);
  });
  return { tool, inputs };
}

/** Time that passes when the test says so. */
function handTime() {
  const running = new Map<() => void, number>();
  const time = { ms: 0 };
  const startTimer: StartTimer = (ms, fire) => {
    running.set(fire, time.ms + ms);
    return () => running.delete(fire);
  };
  const pass = (ms: number) => {
    time.ms += ms;
    for (const [fire, at] of [...running]) if (at <= time.ms && running.delete(fire)) fire();
  };
  return { startTimer, clock: () => time.ms, pass, running };
}

const resultsOf = (request: LlmRequest | undefined) =>
  request?.rounds?.map(({ calls }) => calls.map(({ result }) => result));

describe('a model with tools', () => {
  it('is the model, where there are none', async () => {
    const { model, asked } = scripted(['Yes', '.']);
    const llm = withTools(model);
    expect(llm).toMatchObject({ provider: 'openai', model: 'gpt-test' });
    expect(await drain(llm.stream(requestFor()))).toEqual({ parts: [...said('Yes', '.'), stop] });
    expect(asked).toHaveLength(1);
  });

  it('runs what the model calls, and tells it what that gave', async () => {
    const { model, asked } = scripted(
      [{ call: 'search', input: { query: 'kettle' } }, { call: 'hours' }],
      ['It is ', 'here.'],
    );
    const [search, hours] = [counted('search', async () => 'A blue kettle.'), counted('hours')];
    const request = requestFor({ tools: [search.tool, hours.tool] });
    expect(await drain(withTools(model).stream(request))).toEqual({
      parts: [begun, ended, ...said('It is ', 'here.'), stop],
    });
    expect(search.inputs).toEqual([{ query: 'kettle' }]);
    expect(getEventListeners(request.signal, 'abort')).toHaveLength(0);
    expect(asked[0]?.rounds).toEqual([]);
    expect(asked[1]?.tools).toBe(request.tools);
    expect(asked[1]?.rounds).toEqual([
      {
        text: '',
        calls: [
          { id: '1-1', name: 'search', input: { query: 'kettle' }, result: 'A blue kettle.' },
          { id: '1-2', name: 'hours', input: {}, result: 'hours ran' },
        ],
      },
    ]);
  });

  it('keeps what is said before a call, as a paragraph of its own', async () => {
    const { model, asked } = scripted(
      ['One ', 'moment.', { call: 'search', input: 1 }],
      [{ call: 'search', input: 2 }],
      ['Yes.'],
    );
    const { parts } = await drain(withTools(model).stream(requestFor({ tools: [counted('search').tool] })));
    expect(parts).toEqual([...said('One ', 'moment.'), begun, ended, begun, ended, ...said('\n\n', 'Yes.'), stop]);
    expect(asked[2]?.rounds?.map(({ text }) => text)).toEqual(['One moment.', '']);
  });

  it('asks once more without tools when three rounds have not brought an answer', async () => {
    const search = counted('search');
    const { model, asked } = scripted(...[1, 2, 3].map(input => [{ call: 'search', input }]), ['All I found is this.']);
    const { parts } = await drain(withTools(model).stream(requestFor({ tools: [search.tool] })));
    expect(parts.slice(-2)).toEqual([...said('All I found is this.'), stop]);
    expect(asked.map(({ tools }) => tools?.length)).toEqual([1, 1, 1, 0]);
    expect(asked[3]?.rounds).toHaveLength(3);
  });

  it('ends with a model that never stops calling', async () => {
    const search = counted('search');
    let input = 0;
    const model: Model = {
      provider: 'x',
      model: 'x',
      async *stream(): AsyncGenerator<ModelPart> {
        input += 1;
        yield { type: 'call', call: { id: `${input}`, name: 'search', input } };
        yield { type: 'finished', reason: 'tools' };
      },
    };
    const { parts } = await drain(withTools(model).stream(requestFor({ tools: [search.tool] })));
    expect(parts.at(-1)).toEqual(stop);
    expect([input, search.inputs.length]).toEqual([4, 3]);
  });

  it('runs four calls of a round, and says so', async () => {
    const search = counted('search');
    const { model, asked } = scripted(
      Array.from({ length: 300 }, (_, input) => ({ call: 'search', input })),
      ['Yes.'],
    );
    await drain(withTools(model).stream(requestFor({ tools: [search.tool] })));
    expect(search.inputs).toEqual([0, 1, 2, 3]);
    expect(resultsOf(asked[1])).toEqual([
      ['search ran', 'search ran', 'search ran', 'search ran\n\nOnly the first 4 calls were run.'],
    ]);
  });

  it('does not run the same call twice, in whatever order its input is written', async () => {
    const search = counted('search');
    const { model, asked } = scripted(
      [
        { call: 'search', input: { a: 1, b: 2 } },
        { call: 'search', input: { b: 2, a: 1 } },
      ],
      [{ call: 'search', input: { a: 1, b: 2 } }],
      ['Yes.'],
    );
    await drain(withTools(model).stream(requestFor({ tools: [search.tool] })));
    expect(search.inputs).toHaveLength(1);
    expect(resultsOf(asked[2])?.flat()).toEqual([
      'search ran',
      expect.stringContaining('called before'),
      expect.stringContaining('called before'),
    ]);
  });

  it('tells the model of a tool that is not there, and of one that fails', async () => {
    const faults: unknown[] = [];
    const broken = new Error('secret detail');
    const fails = counted('fails', () => Promise.reject(broken));
    const throws = counted('throws', () => {
      throw broken;
    });
    const { model, asked } = scripted([{ call: 'delete_all' }, { call: 'fails' }, { call: 'throws' }], ['Sorry.']);
    const llm = withTools(model, { onToolFault: error => faults.push(error) });
    const { parts } = await drain(llm.stream(requestFor({ tools: [fails.tool, throws.tool] })));
    expect(parts.at(-1)).toEqual(stop);
    expect(resultsOf(asked[1])).toEqual([
      [
        'There is no tool of this name. There are: fails, throws.',
        'It failed. Answer with what you have.',
        'It failed. Answer with what you have.',
      ],
    ]);
    expect(faults).toEqual([broken, broken]);
  });

  it('gives a tool three seconds, and stops it then', async () => {
    const time = handTime();
    const started = Promise.withResolvers<AbortSignal>();
    const slow = counted('slow', (_input, signal) => {
      started.resolve(signal);
      return new Promise(() => {});
    });
    const { model, asked } = scripted([{ call: 'slow' }], ['Sorry.']);
    const result = drain(withTools(model, time).stream(requestFor({ tools: [slow.tool] })));
    const signal = await started.promise;
    time.pass(2_999);
    expect(signal.aborted).toBe(false);
    time.pass(1);
    expect((await result).parts.at(-1)).toEqual(stop);
    expect(signal.aborted).toBe(true);
    expect(resultsOf(asked[1])).toEqual([['It took too long. Answer with what you have.']]);
    expect(time.running.size).toBe(0);
  });

  it('gives all tools of an answer ten seconds, and then asks without tools', async () => {
    const time = handTime();
    const slow = counted('slow', async () => {
      time.pass(2_600);
      return 'done';
    });
    const { model, asked } = scripted(
      [1, 2, 3].map(input => ({ call: 'slow', input })),
      [4, 5].map(input => ({ call: 'slow', input })),
      ['Sorry.'],
    );
    await drain(withTools(model, time).stream(requestFor({ tools: [slow.tool] })));
    expect(resultsOf(asked[2])).toEqual([
      ['done', 'done', 'done'],
      ['It took too long. Answer with what you have.', 'Not run: there is no time left. Answer with what you have.'],
    ]);
    expect(asked[2]?.tools).toEqual([]);
  });

  it('cuts what is too long for a model', async () => {
    const { model, asked } = scripted([{ call: 'search' }], ['Yes.']);
    const search = counted('search', async () => 'x'.repeat(50_000));
    await drain(withTools(model).stream(requestFor({ tools: [search.tool] })));
    expect(resultsOf(asked[1])?.[0]?.[0]).toBe(`${'x'.repeat(12_000)} … (the rest is left out)`);
  });

  it.each(['length', 'filtered'] as const)('ends as the model ends: %s', async reason => {
    const { model, asked } = scripted([{ call: 'search' }, { end: reason }]);
    const { parts } = await drain(withTools(model).stream(requestFor({ tools: [counted('search').tool] })));
    expect(parts).toEqual([{ type: 'finished', reason }]);
    expect(asked).toHaveLength(1);
  });

  it('throws what the model throws, in any round', async () => {
    const down = new ProviderError('openai', 'server_error');
    const { model } = scripted([{ call: 'search' }], ['Yes', down]);
    const { parts, error } = await drain(withTools(model).stream(requestFor({ tools: [counted('search').tool] })));
    expect(parts).toEqual([begun, ended, ...said('Yes')]);
    expect(error).toBe(down);
  });

  it('ends with what was said where there is no money for more, and fails where nothing was', async () => {
    const broke = new ProviderError('openai', 'over_budget');
    const request = requestFor({ tools: [counted('search').tool] });
    const spoken = scripted(['One moment.', { call: 'search' }], [broke]);
    expect(await drain(withTools(spoken.model).stream(request))).toEqual({
      parts: [...said('One moment.'), begun, ended, { type: 'finished', reason: 'length' }],
    });
    const silent = scripted([{ call: 'search' }], [broke]);
    expect(await drain(withTools(silent.model).stream(request))).toEqual({ parts: [begun, ended], error: broke });
  });

  it.each([400, 404, 422])('asks a model without tools that refuses them: %i', async status => {
    const { model, asked } = scripted([new ProviderError('openai', 'refused', { status })], ['Yes.']);
    const { parts } = await drain(withTools(model).stream(requestFor({ tools: [counted('search').tool] })));
    expect(parts).toEqual([...said('Yes.'), stop]);
    expect(asked.map(({ tools }) => tools?.length)).toEqual([1, 0]);
  });

  it.each([
    ['that fails for another reason', [[new ProviderError('openai', 'server_error', { status: 500 })]], 1],
    ['that refuses without tools as well', [[new ProviderError('openai', 'refused', { status: 400 })]], 2],
    ['whose key is wrong', [[new ProviderError('openai', 'refused', { status: 401 })]], 1],
    ['that has called one', [[{ call: 'search' }], [new ProviderError('openai', 'refused', { status: 400 })]], 2],
    ['that has spoken', [['Yes', new ProviderError('openai', 'refused', { status: 400 })]], 1],
  ] as [string, Step[][], number][])('asks no further a model %s', async (_what, scripts, calls) => {
    const { model, asked } = scripted(...scripts);
    const { error } = await drain(withTools(model).stream(requestFor({ tools: [counted('search').tool] })));
    expect(error).toBeInstanceOf(ProviderError);
    expect(asked).toHaveLength(calls);
  });

  it('ends quietly when the visitor leaves while a tool runs, stops the tool, and asks nobody more', async () => {
    const visitor = new AbortController();
    const started = Promise.withResolvers<AbortSignal>();
    const slow = counted('slow', (_input, signal) => {
      started.resolve(signal);
      return new Promise(() => {});
    });
    const { model, asked } = scripted([{ call: 'slow' }, { call: 'slow', input: 2 }], ['Yes.']);
    const request = requestFor({ tools: [slow.tool], signal: visitor.signal });
    const time = handTime();
    const result = drain(withTools(model, time).stream(request));
    const signal = await started.promise;
    visitor.abort();
    expect(await result).toEqual({ parts: [begun] });
    expect(signal.aborted).toBe(true);
    expect([slow.inputs.length, asked.length, time.running.size]).toEqual([1, 1, 0]);
    expect(getEventListeners(visitor.signal, 'abort')).toHaveLength(0);
  });
});
