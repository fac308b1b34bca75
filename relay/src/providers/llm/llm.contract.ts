import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { type Llm, type LlmPart, type LlmRequest, ProviderError } from './llm.ts';

/** Starts a fake vendor that follows the script, and an adapter that talks to it. */
export type Harness = (script: Script) => Promise<{ llm: Llm; vendor: FakeModelServer }>;

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
export async function drain(
  parts: AsyncIterable<LlmPart> | Iterable<LlmPart>,
): Promise<{ parts: LlmPart[]; error?: unknown }> {
  const seen: LlmPart[] = [];
  try {
    for await (const part of parts) seen.push(part);
  } catch (error) {
    return { parts: seen, error };
  }
  return { parts: seen };
}

export const said = (...texts: string[]): LlmPart[] => texts.map(text => ({ type: 'text', text }));

/** What every adapter of a vendor promises, tried through the vendor's own SDK against a local vendor. */
export function llmContract(name: string, start: Harness): void {
  describe(`${name}, as every language model,`, () => {
    let vendor: FakeModelServer | undefined;
    afterEach(() => vendor?.close());

    async function asked(script: Script, change: Partial<LlmRequest> = {}) {
      const harness = await start(script);
      vendor = harness.vendor;
      const { requests } = vendor;
      return { ...harness, requests, ...(await drain(harness.llm.stream(requestFor(change)))) };
    }

    it.each(['stop', 'length', 'filtered'] as const)('yields the pieces in order, then one end: %s', async reason => {
      const { parts, error } = await asked({ pieces: ['Yes', ', ', 'it is.'], ending: reason });
      expect(error).toBeUndefined();
      expect(parts).toEqual([...said('Yes', ', ', 'it is.'), { type: 'finished', reason }]);
    });

    it('ends without a text when the vendor says nothing', async () => {
      const { parts } = await asked({ pieces: [] });
      expect(parts).toEqual([{ type: 'finished', reason: 'stop' }]);
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
      expect(parts.at(-1)).toEqual({ type: 'finished', reason: 'stop' });
      const body = requests[0]?.body;
      const users = (body.messages ?? body.input).filter(({ role }: { role: string }) => role === 'user');
      expect(users.map(({ content }: { content: string }) => content)).toEqual([
        'Hello \ufffd\n\nare you there? \ufffd',
        question,
      ]);
      expect(JSON.stringify(body).split(question)).toHaveLength(2);
      expect(JSON.stringify(body)).toContain('You answer for a shop.');
      expect(JSON.stringify(requests[0]?.headers)).toContain(apiKey);
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
      expect(parts).toEqual([...said('Größe L ', '🫖🏴󠁧󠁢󠁳󠁣󠁴󠁿', ' ist da.'), { type: 'finished', reason: 'stop' }]);
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
      expect(parts).toEqual(said('Yes', ', '));
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
        expect(part).toEqual({ type: 'text', text: 'Yes' });
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

type Recorded = {
  stream: { type: string }[];
  expected: { text: string; finish: string; error: string | null };
};

/** Streams that the real vendor once sent: whole, and in parts of any size. */
export function recordedContract(
  name: string,
  start: Harness,
  frame: (data: Recorded['stream'][number]) => string,
  after = '',
): void {
  const recorded: Record<string, Recorded> | undefined = sharedData('fetched/protocol/llm_streams.json.gz')?.[name];

  if (!recorded) return void it.skip(`recorded streams of ${name}: ../shared/data is not there`, () => {});

  describe(`recorded streams of ${name}`, () => {
    const sizes = [1, 61, 4_096, undefined];
    const cases = Object.entries(recorded).flatMap(([id, one]) => sizes.map(size => ({ id, size, ...one })));

    it.each(cases)('are told word by word: $id in parts of $size bytes', async ({ stream, expected, size }) => {
      const raw = stream.map(frame).join('') + after;
      const { vendor, llm } = await start(size === undefined ? { raw } : { raw, chunkBytes: size });
      const { parts, error } = await drain(llm.stream(requestFor()));
      await vendor.close();
      expect(parts.map(part => (part.type === 'text' ? part.text : '')).join('')).toBe(expected.text);
      if (expected.error) expect(error).toMatchObject({ fault: 'rate_limited' });
      else expect(parts.at(-1)).toEqual({ type: 'finished', reason: 'stop' });
    });
  });
}
