import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { startFakeAnthropic } from '../../../../e2e/fakes/anthropic.ts';
import { startFakeBedrock } from '../../../../e2e/fakes/bedrock.ts';
import type { Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { asyncOf, damaged, damages, fuzz, hostileText, inPieces } from '../../../../e2e/fuzz.ts';
import { drain, echo, requestFor } from './llm.contract.ts';
import { type ModelPart, ProviderError } from './llm.ts';
import { createModel } from './registry.ts';

const VENDORS = {
  'openai, responses': { provider: 'openai', api: 'responses', start: (script: Script) => startFakeOpenai({ script }) },
  'openai, chat': {
    provider: 'openai',
    api: 'chat_completions',
    start: (script: Script) => startFakeOpenai({ script }),
  },
  anthropic: { provider: 'anthropic', api: undefined, start: (script: Script) => startFakeAnthropic({ script }) },
  bedrock: { provider: 'bedrock', api: undefined, start: (script: Script) => startFakeBedrock({ script }) },
} as const;
type Vendor = keyof typeof VENDORS;

const SCRIPTS: Script[] = [
  { pieces: ['Größe L ', 'is in stock 🫖'] },
  { pieces: ['One moment.'], calls: [{ id: 'abc123def', name: 'search_knowledge', json: '{"query":"L"}' }] },
  { ending: 'length' },
  { ending: 'filtered' },
  { ending: 'error' },
];

/** What the vendor sends, byte by byte, and as what. */
type Recorded = { bytes: Uint8Array<ArrayBuffer>; contentType: string };
const recorded = new Map<string, Recorded>();

/** One answer of a vendor whose wire carries what `response` gives, read through the vendor's own adapter. */
const ask = ({ provider, api }: (typeof VENDORS)[Vendor], baseUrl: string, fetch: typeof globalThis.fetch) =>
  drain<ModelPart>(
    createModel(provider, { apiKey: 'key', baseUrl, model: 'any', fetch, ...(api && { api }) }).stream(
      requestFor({ tools: [echo('search_knowledge')] }),
    ),
  );

async function record(name: Vendor, script: Script): Promise<Recorded> {
  const vendor = await VENDORS[name].start(script);
  let heard: Recorded | undefined;
  await ask(VENDORS[name], vendor.url, async (input, init) => {
    const response = await fetch(input, init);
    heard = {
      bytes: new Uint8Array(await response.clone().arrayBuffer()),
      contentType: response.headers.get('Content-Type') ?? '',
    };
    return response;
  });
  await vendor.close();
  return heard as Recorded;
}

/** What the port `Model` promises: texts and calls, then one end; or a `ProviderError`, and nothing else. */
function expectPort({ parts, error }: { parts: ModelPart[]; error?: unknown }) {
  if (error !== undefined) expect(error).toBeInstanceOf(ProviderError);
  const ends = parts.filter(({ type }) => type === 'finished');
  expect(ends.length).toBe(error === undefined ? 1 : 0);
  if (error === undefined) expect(parts.at(-1)?.type).toBe('finished');
  for (const part of parts) {
    if (part.type === 'text') expect(part.text).toEqual(expect.stringMatching(/./s));
    if (part.type === 'call') expect(part.call.name).toMatch(/^[\w-]{1,64}$/);
  }
  const ids = parts.flatMap(part => (part.type === 'call' ? part.call.id : []));
  expect(new Set(ids).size).toBe(ids.length);
}

/** The same parts with all words in one: where one piece ends is the network's to say. */
const said = (parts: ModelPart[]) => [
  parts.map(part => (part.type === 'text' ? part.text : '')).join(''),
  ...parts.filter(({ type }) => type !== 'text'),
];

describe('what a vendor of models sends', () => {
  beforeAll(async () => {
    for (const name of Object.keys(VENDORS) as Vendor[]) {
      for (const [at, script] of SCRIPTS.entries()) recorded.set(`${name} ${at}`, await record(name, script));
    }
  });
  afterAll(() => recorded.clear());

  const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 });
  const answering =
    (bytes: Uint8Array, sizes: readonly number[], contentType: string): typeof fetch =>
    async () =>
      new Response(ReadableStream.from(asyncOf(inPieces(bytes, sizes))), { headers: { 'Content-Type': contentType } });

  for (const name of Object.keys(VENDORS) as Vendor[]) {
    const script = fc.nat(SCRIPTS.length - 1);
    const good = (at: number) => recorded.get(`${name} ${at}`) as Recorded;

    fuzz(
      `cut, repeated, reordered or made up is an answer or a fault of the provider: ${name}`,
      [script, damages({ min: 1 }), lengths],
      async (at, done, sizes) => {
        const { bytes, contentType } = good(at);
        expectPort(
          await ask(VENDORS[name], 'https://models.example/v1', answering(damaged(bytes, done), sizes, contentType)),
        );
      },
      { runs: 150 },
    );

    fuzz(
      `says the same, however the network cuts it: ${name}`,
      [script, lengths],
      async (at, sizes) => {
        const { bytes, contentType } = good(at);
        const how = (lengthsOf: readonly number[]) =>
          ask(VENDORS[name], 'https://models.example/v1', answering(bytes, lengthsOf, contentType));
        const [whole, cut] = [await how([bytes.length]), await how(sizes)];
        expectPort(cut);
        expect(said(cut.parts)).toEqual(said(whole.parts));
      },
      { runs: 60 },
    );

    fuzz(
      `with fields of any kind is an answer or a fault of the provider: ${name}`,
      [
        script,
        fc.array(
          fc.oneof(
            fc.json(),
            hostileText({ max: 80 }).map(text => JSON.stringify(text)),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.nat(),
      ],
      async (at, values, seed) => {
        const { bytes, contentType } = good(at);
        let turn = seed;
        // Bedrock's frames have checksums: what is put in there is seen to be wrong before it is read.
        const text = Buffer.from(bytes)
          .toString('latin1')
          .replace(/"[^"\\]*"(?=[,}\]])|\btrue\b|\bnull\b|(?<=:)\d+/g, found => {
            turn += 1;
            return turn % 7 === 0 ? Buffer.from(values[turn % values.length] ?? found).toString('latin1') : found;
          });
        expectPort(
          await ask(
            VENDORS[name],
            'https://models.example/v1',
            answering(Buffer.from(text, 'latin1'), [500], contentType),
          ),
        );
      },
      { runs: 150 },
    );
  }
});
