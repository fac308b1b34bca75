import { fetch as undiciFetch } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFakeAnthropic } from '../../../../e2e/fakes/anthropic.ts';
import { startFakeBedrock } from '../../../../e2e/fakes/bedrock.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import type { LlmRequest, ModelPart } from './llm.ts';
import { createModel } from './registry.ts';
import { type Heard, vendorStream } from './vendor-stream.ts';

const read = async (stream: AsyncIterable<ModelPart>) => {
  const parts: ModelPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
};

const request: LlmRequest = {
  instructions: 'Answer.',
  messages: [{ role: 'visitor', text: 'Hello?' }],
  question: 'Hello?',
  locale: 'en',
  passages: [],
  answerable: true,
  maxTokens: 100,
  signal: new AbortController().signal,
};

describe('what a vendor sends', () => {
  it.each([
    ['lists', '['.repeat(40_000) + ']'.repeat(40_000)],
    ['objects', `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`],
  ])('as the input of a call is text where its %s have no bottom', async (_, json) => {
    const heard: Heard[] = [{ calls: [{ place: 0, id: '1', name: 'search', json }] }, { end: 'stop' }];
    const events = async function* () {
      yield heard;
    };
    const parts = await read(
      vendorStream({
        provider: 'openai',
        signal: new AbortController().signal,
        open: async () => events(),
        reader: event => event,
        faultOf: error => error as never,
      }),
    );
    expect(parts).toMatchObject([
      { type: 'call', call: { input: json } },
      { type: 'finished', reason: 'tools' },
    ]);
  });

  it.each(['openai', 'anthropic', 'bedrock'] as const)(
    'is left where a server of the site’s choice sends one event to %s without an end',
    async provider => {
      let sent = 0;
      const body = () =>
        new ReadableStream<Uint8Array>({
          pull(controller) {
            sent += 1;
            if (sent > 50) controller.close();
            // The frame of Bedrock says that it is as long as a frame can be said to be.
            else controller.enqueue(new Uint8Array(1_000_000).fill(sent === 1 && provider === 'bedrock' ? 0x7f : 0x64));
          },
        });
      const type = provider === 'bedrock' ? 'application/vnd.amazon.eventstream' : 'text/event-stream';
      const model = createModel(provider, {
        apiKey: 'key',
        baseUrl: 'https://models.example/v1',
        model: 'any',
        fetch: async () => new Response(body(), { headers: { 'Content-Type': type } }),
      });
      await expect(read(model.stream(request))).rejects.toMatchObject({ name: 'ProviderError', fault: 'malformed' });
      expect(sent).toBeLessThan(20);
    },
  );

  it.each([
    ['openai', startFakeOpenai],
    ['anthropic', startFakeAnthropic],
    ['bedrock', startFakeBedrock],
  ] as const)(
    'is read to its end by the fetch that guards addresses of a site’s choice: %s',
    async (provider, start) => {
      const vendor = await start();
      onTestFinished(() => vendor.close());
      const model = createModel(provider, {
        apiKey: 'key',
        baseUrl: vendor.url,
        model: 'any',
        fetch: undiciFetch as unknown as typeof fetch,
      });
      const parts = await read(model.stream(request));
      expect(parts.map(part => (part.type === 'text' ? part.text : '')).join('')).toBe('Hello there.');
      expect(parts.at(-1)?.type).toBe('finished');
    },
  );
});
