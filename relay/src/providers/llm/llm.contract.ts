import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { FakeCall, FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { type LlmRequest, type Model, type ModelPart, ProviderError, type TokenUsage, type Tool } from './llm.ts';

/** Starts a fake vendor that follows the script, and an adapter that talks to it. */
export type Harness = (script: Script) => Promise<{ llm: Model; vendor: FakeModelServer }>;

export const apiKey = 'sk-test-4711-never-in-a-log';
export const question = 'Is the blue kettle — Größe L 🫖 — in stock?';

export const requestFor = (change: Partial<LlmRequest> = {}): LlmRequest => ({
  instructions: 'You answer for a shop.',
  messages: [{ role: 'visitor', text: question }],
  question,
  locale: 'en',
  passages: [],
  answerable: false,
  maxTokens: 100,
  signal: new AbortController().signal,
  ...change,
});

/** Everything that comes out: the parts, and the error where one ends them. */
export async function drain<Part>(
  parts: AsyncIterable<Part> | Iterable<Part>,
): Promise<{ parts: Part[]; error?: unknown }> {
  const seen: Part[] = [];
  try {
    for await (const part of parts) seen.push(part);
  } catch (error) {
    return { parts: seen, error };
  }
  return { parts: seen };
}

export const said = (...texts: string[]): { type: 'text'; text: string }[] =>
  texts.map(text => ({ type: 'text', text }));

/** With texts that follow one another as one: how many pieces arrive together is the network's choice. */
export function joined(parts: readonly ModelPart[]): ModelPart[] {
  const all: ModelPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.type === 'text' && last?.type === 'text') all[all.length - 1] = { ...last, text: last.text + part.text };
    else all.push(part);
  }
  return all;
}

/** A tool that says what it was called with. */
export const echo = (name: string, run: Tool['run'] = async input => JSON.stringify(input)): Tool => ({
  name,
  description: 'Says what it hears.',
  parameters: {
    type: 'object',
    properties: { query: { type: 'string' } },
    required: ['query'],
    additionalProperties: false,
  },
  run,
});

const oneCall: FakeCall = { id: 'abc123def', name: 'search_knowledge', json: '{"query":"Größe L 🫖 \\"x\\""}' };
const otherCall: FakeCall = { id: 'ghi456jkl', name: 'opening_hours', json: '{}' };
const asCalled = ({ id, name, json }: FakeCall, input: unknown = JSON.parse(json)): ModelPart => ({
  type: 'call',
  call: { id, name, input },
});

const used: TokenUsage = { inputTokens: 30, cachedInputTokens: 8, outputTokens: 12 };

type Text = string | { text?: string }[];
const textIn = (content: Text): string =>
  typeof content === 'string' ? content : content.map(({ text }) => text).join('');

/**
 * What every adapter of a vendor promises, tried through the vendor's own SDK against a local vendor. `tellsUse`: whether
 * the vendor says what a call used.
 */
export function llmContract(name: string, start: Harness, { tellsUse = true } = {}): void {
  const finished = (reason: string) => ({ type: 'finished', reason, ...(tellsUse && { usage: used }) });

  describe(`${name}, as every language model,`, () => {
    let vendor: FakeModelServer | undefined;
    afterEach(() => vendor?.close());

    async function asked(script: Script, change: Partial<LlmRequest> = {}) {
      const harness = await start(script);
      vendor = harness.vendor;
      const { requests } = vendor;
      const { parts, error } = await drain(harness.llm.stream(requestFor(change)));
      return { ...harness, requests, parts: joined(parts), error };
    }

    it.each(['stop', 'length', 'filtered'] as const)('yields the words in order, then one end: %s', async reason => {
      const { parts, error } = await asked({ pieces: ['Yes', ', ', 'it is.'], ending: reason });
      expect(error).toBeUndefined();
      expect(parts).toEqual([...said('Yes, it is.'), finished(reason)]);
    });

    it('ends without a text when the vendor says nothing', async () => {
      const { parts } = await asked({ pieces: [] });
      expect(parts).toEqual([finished('stop')]);
    });

    it('sends what the vendor accepts, with the visitor’s words in the user’s messages only', async () => {
      const { parts, requests } = await asked(
        {},
        {
          messages: [
            { role: 'assistant', text: 'Hello! Ask me anything.' },
            { role: 'visitor', text: 'Hello \ud83e' },
            { role: 'assistant', text: '' },
            { role: 'visitor', text: 'are you there? \ud83e' },
            { role: 'assistant', text: 'Yes.' },
            { role: 'visitor', text: question },
          ],
        },
      );
      expect(parts.at(-1)).toEqual(finished('stop'));
      const body = requests[0]?.body;
      const users = (body.messages ?? body.input).filter(({ role }: { role: string }) => role === 'user');
      expect(users.map(({ content }: { content: Text }) => textIn(content))).toEqual([
        'Hello \ufffd\n\nare you there? \ufffd',
        question,
      ]);
      expect(JSON.stringify(body).split(question)).toHaveLength(2);
      expect(JSON.stringify(body)).toContain('You answer for a shop.');
      expect(JSON.stringify(requests[0]?.headers)).toContain(apiKey);
    });

    const tools = [echo('search_knowledge'), echo('opening_hours')];

    it.each([undefined, 1, 5])(
      'tells what was said, then the calls, several at once: parts of %s bytes',
      async chunkBytes => {
        const { parts, error } = await asked(
          { pieces: ['One ', 'moment.'], calls: [oneCall, otherCall], ...(chunkBytes && { chunkBytes }) },
          { tools },
        );
        expect(error).toBeUndefined();
        expect(parts).toEqual([...said('One moment.'), asCalled(oneCall), asCalled(otherCall), finished('tools')]);
      },
    );

    it.each([
      ['broken JSON, as the text that it is', '{"query":"L', '{"query":"L'],
      ['nothing, as no input', '', {}],
      ['JSON that is no object', '["L"]', ['L']],
    ])('hands on what the model wrote as input: %s', async (_what, json, input) => {
      const { parts } = await asked({ calls: [{ ...oneCall, json }] }, { tools });
      expect(parts).toEqual([asCalled({ ...oneCall, json }, input), finished('tools')]);
    });

    it('tells no call of an answer that was cut short', async () => {
      const { parts } = await asked({ pieces: ['One'], calls: [oneCall], ending: 'length' }, { tools });
      expect(parts).toEqual([...said('One'), finished('length')]);
    });

    it.each(['error', 'malformed', 'cut', 'no_end'] as const)(
      'tells no call of an answer that ends by %s',
      async ending => {
        const { parts, error } = await asked({ calls: [oneCall], ending }, { tools });
        expect(parts).toEqual([]);
        expect(error).toBeInstanceOf(ProviderError);
      },
    );

    it('takes no endless input of a call', async () => {
      const { parts, error } = await asked({ calls: [{ ...oneCall, json: `"${'x'.repeat(100_001)}"` }] }, { tools });
      expect(parts).toEqual([]);
      expect(error).toMatchObject({ fault: 'malformed' });
    });

    const first = {
      text: 'One moment.',
      calls: [called(oneCall, 'Nothing \ud83e'), called(otherCall, 'Open till 17:00')],
    };
    const second = {
      text: '',
      calls: [{ id: 'mno789pqr', name: 'search_knowledge', input: '{"query":"L', result: 'No.' }],
    };

    it('tells the vendor what was called in earlier rounds, and what it gave', async () => {
      const { parts, error, requests } = await asked({}, { tools, rounds: [first, second] });
      expect(error).toBeUndefined();
      expect(parts.at(-1)).toEqual(finished('stop'));
      const body = JSON.stringify(requests[0]?.body);
      const told = ['One moment.', 'Nothing \ufffd', 'Open till 17:00', 'No.'].map(text => body.indexOf(text));
      expect(told).not.toContain(-1);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      for (const id of [oneCall.id, otherCall.id, 'mno789pqr']) expect(body.split(`"${id}"`)).toHaveLength(3);
    });

    it('asks without tools when there are none, and still tells what they gave', async () => {
      const { parts, error, requests } = await asked({}, { tools: [], rounds: [first, second] });
      expect(error).toBeUndefined();
      expect(parts.at(-1)).toEqual(finished('stop'));
      const body = requests[0]?.body;
      expect(Object.keys(body)).not.toContain('tools');
      expect(Object.keys(body)).not.toContain('toolConfig');
      for (const text of ['One moment.', 'Nothing \ufffd', 'Open till 17:00', 'No.']) {
        expect(JSON.stringify(body)).toContain(text);
      }
    });

    it('asks once, however it fails', async () => {
      const { requests } = await asked({ status: 500, headers: { 'retry-after': '0' } });
      expect(requests).toHaveLength(1);
    });

    it('uses a connection again after an answer that was read to its end', async () => {
      const { llm, requests } = await asked({});
      for (let time = 2; time <= 6; time++) await drain(llm.stream(requestFor()));
      // fetch gives a connection back a moment after its end, so two take turns.
      expect(new Set(requests.map(({ port }) => port)).size).toBeLessThanOrEqual(2);
    });

    it.each([1, 2, 3, 7, 64])('survives a stream that is cut into parts of %i bytes', async chunkBytes => {
      const { parts, error } = await asked({ pieces: ['Größe L ', '🫖🏴󠁧󠁢󠁳󠁣󠁴󠁿', ' ist da.'], chunkBytes });
      expect(error).toBeUndefined();
      expect(parts).toEqual([...said('Größe L 🫖🏴󠁧󠁢󠁳󠁣󠁴󠁿 ist da.'), finished('stop')]);
    });

    it.each([
      [{ status: 401 }, { fault: 'refused', status: 401 }],
      [{ status: 404 }, { fault: 'refused', status: 404 }],
      [
        { status: 429, headers: { 'retry-after': '7' } },
        { fault: 'rate_limited', retryAfterMs: 7_000 },
      ],
      [{ status: 429 }, { fault: 'rate_limited', retryAfterMs: undefined }],
      [{ status: 500 }, { fault: 'server_error', status: 500 }],
      [{ status: 529 }, { fault: 'server_error', status: 529 }],
      [{ status: 302, headers: { location: '/elsewhere' } }, { fault: 'unreachable' }],
    ] as const)('tells an HTTP error as a fault: %o', async (behaviour, fault) => {
      const { parts, error } = await asked(behaviour);
      expect(parts).toEqual([]);
      expect(error).toBeInstanceOf(ProviderError);
      expect(error).toMatchObject(fault);
    });

    it.each([
      ['error', 'server_error'],
      ['malformed', 'malformed'],
      ['cut', 'unreachable'],
      ['no_end', 'malformed'],
    ] as const)('tells a stream that ends by %s as a fault, after the words so far', async (ending, fault) => {
      const { parts, error } = await asked({ pieces: ['Yes', ', '], ending });
      expect(parts).toEqual(said('Yes, '));
      expect(error).toBeInstanceOf(ProviderError);
      expect(error).toMatchObject({ fault });
    });

    it('tells a vendor that is not there as unreachable', async () => {
      const harness = await start({});
      await harness.vendor.close();
      const { error } = await drain(harness.llm.stream(requestFor()));
      expect(error).toMatchObject({ fault: 'unreachable' });
    });

    it.each([{ status: 401 }, { status: 500 }, { ending: 'error' }, { ending: 'malformed' }] as const)(
      'keeps the key, the vendor’s message and the visitor’s words out of its own message: %o',
      async behaviour => {
        const { error } = await asked(behaviour);
        for (const line of [String(error), (error as Error).message, (error as Error).stack, JSON.stringify(error)]) {
          expect(line).not.toMatch(/sk-test|kettle|Bad:/);
        }
      },
    );

    it.each([
      ['before the first word', []],
      ['between two words', ['Yes']],
    ])('ends quietly when the visitor leaves %s, and the vendor sees it at once', async (_when, pieces) => {
      const visitor = new AbortController();
      const arrived = Promise.withResolvers<void>();
      const harness = await start(() => {
        arrived.resolve();
        return { pieces, ending: 'hang' };
      });
      vendor = harness.vendor;
      const parts = harness.llm.stream(requestFor({ signal: visitor.signal }))[Symbol.asyncIterator]();
      for (const piece of pieces) expect((await parts.next()).value).toEqual({ type: 'text', text: piece });
      const next = parts.next();
      await arrived.promise;

      const left = performance.now();
      visitor.abort();
      expect(await next).toEqual({ done: true, value: undefined });
      await vendor.requests[0]?.hungUp;
      expect(performance.now() - left).toBeLessThan(500);
    });

    it('hangs up on the vendor when the reader stops reading', async () => {
      const harness = await start({ pieces: ['Yes', ', ', 'it is.'], ending: 'hang' });
      vendor = harness.vendor;
      for await (const part of harness.llm.stream(requestFor())) {
        expect(part).toMatchObject({ type: 'text', text: expect.stringMatching(/^Yes/) });
        break;
      }
      await vendor.requests[0]?.hungUp;
    });

    it('calls nobody for a visitor who has already left', async () => {
      const { parts, error, requests } = await asked({}, { signal: AbortSignal.abort() });
      expect({ parts, error, requests }).toEqual({ parts: [], error: undefined, requests: [] });
    });

    it('leaves nothing listening to the visitor’s signal', async () => {
      const { signal } = new AbortController();
      await asked({}, { signal });
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    });
  });
}

const called = ({ id, name, json }: FakeCall, result: string) => ({ id, name, input: JSON.parse(json), result });

type Counts = Record<string, number | undefined>;
type Recorded = {
  stream: { type: string }[];
  expected: { text: string; finish: string; error: string | null; usage: Counts | null };
};

/** What the models called in the recordings; searches of the web are made by OpenAI itself. */
const recordedCalls: Record<string, object[]> = {
  'anthropic-json-tool.1': [
    { name: 'json', input: { elements: [{ location: 'San Francisco', temperature: 58, condition: 'sunny' }] } },
  ],
  'anthropic-tool-no-args': [{ name: 'updateIssueList', input: {} }],
  'amazon-bedrock-tool-call.1': [{ name: 'test-tool', input: { value: 'Sparkle Day' } }],
};

/** Streams that the real vendor once sent: whole, cut at every byte where they are short, and at any places. */
export function recordedContract(
  name: string,
  start: Harness,
  frame: (data: Recorded['stream'][number]) => string | Uint8Array,
  after = '',
): void {
  const recorded: Record<string, Recorded> | undefined = sharedData('fetched/protocol/llm_streams.json.gz')?.[name];

  if (!recorded) return void it.skip(`recorded streams of ${name}: ../shared/data is not there`, () => {});

  describe(`recorded streams of ${name}`, () => {
    const cases = Object.entries(recorded).flatMap(([id, one]) => {
      const raw = Buffer.concat([...one.stream.map(frame), after].map(each => Buffer.from(each)));
      const cuts = ['nowhere', ...(raw.length < 8_000 ? ['at every byte'] : []), 11, 12, 13, 14];
      return cuts.map(cut => ({ id, cut, raw, expected: one.expected }));
    });

    it.each(cases)('are told word by word: $id, cut $cut', async ({ id, cut, raw, expected }) => {
      const sizes = { nowhere: raw.length, 'at every byte': 1 }[cut] ?? randomSizes(Number(cut));
      const { vendor, llm } = await start({ raw, chunkBytes: sizes });
      const { parts, error } = await drain(llm.stream(requestFor()));
      await vendor.close();
      expect(parts.map(part => (part.type === 'text' ? part.text : '')).join('')).toBe(expected.text);
      if (expected.error) {
        expect(parts).toEqual([]);
        return expect(error).toMatchObject({ fault: 'rate_limited' });
      }
      const calls = recordedCalls[id] ?? [];
      expect(parts.flatMap(part => (part.type === 'call' ? part.call : []))).toMatchObject(calls);
      expect(parts.at(-1)).toEqual({
        type: 'finished',
        reason: calls.length > 0 ? 'tools' : 'stop',
        usage: recordedUsage(expected.usage ?? {}),
      });
    });
  });
}

function recordedUsage(counts: Counts): TokenUsage {
  const { input_tokens, prompt_tokens, inputTokens, output_tokens, completion_tokens, outputTokens } = counts;
  const { cached_tokens } = (counts.input_tokens_details ?? {}) as Counts;
  return {
    inputTokens: (input_tokens ?? prompt_tokens ?? inputTokens) as number,
    outputTokens: (output_tokens ?? completion_tokens ?? outputTokens) as number,
    ...(cached_tokens && { cachedInputTokens: cached_tokens }),
  };
}

/** The same sizes for the same seed, from a few bytes to a few events. https://en.wikipedia.org/wiki/Linear_congruential_generator */
function randomSizes(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 1 + ((state >>> 8) % (state % 3 === 0 ? 17 : 900));
  };
}
