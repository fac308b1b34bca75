import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeVector } from '../../../../e2e/fakes/embeddings.ts';
import type { FakeModelServer } from '../../../../e2e/fakes/model-server.ts';
import { type EmbeddingsBehaviour, startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { ProviderError } from '../llm/llm.ts';
import { DIMENSIONS } from './embeddings.ts';
import { openaiEmbeddings } from './openai.ts';

const apiKey = 'sk-test-4711-never-in-a-log';
const text = 'Is the blue kettle — Größe L 🫖 — in stock?';

let vendor: FakeModelServer | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await vendor?.close();
  vendor = undefined;
});

async function start(behaviour: EmbeddingsBehaviour = {}) {
  const server = await startFakeOpenai({ embeddings: () => behaviour });
  vendor = server;
  const embeddings = openaiEmbeddings({ apiKey, baseUrl: server.url, model: 'text-embedding-3-small' });
  return { requests: server.requests, embeddings };
}

async function embedded(
  behaviour: EmbeddingsBehaviour,
  texts: string[] = [text],
  signal = new AbortController().signal,
) {
  const { embeddings, requests } = await start(behaviour);
  const [ended] = await Promise.allSettled([embeddings.embed(texts, signal)]);
  const [result, error] = ended.status === 'fulfilled' ? [ended.value] : [undefined, ended.reason as ProviderError];
  return { requests, result, error };
}

const vector = (change: (numbers: unknown[]) => unknown = numbers => numbers, index = 0) => ({
  object: 'embedding',
  index,
  embedding: change(fakeVector('kettle')),
});

const answer = (data: unknown): EmbeddingsBehaviour => ({ raw: JSON.stringify({ object: 'list', data }) });

describe('embeddings of openai', () => {
  it('gives one vector of 512 numbers and of length 1 for each text, in order, and the tokens', async () => {
    const texts = ['tea kettle', 'wool jumper', 'tea kettle'];
    const { result } = await embedded({}, texts);
    expect(result?.inputTokens).toBe(6);
    const expected = texts.map(each => Float32Array.from(fakeVector(each)));
    for (const [at, each] of (result?.vectors ?? []).entries()) {
      expect(each).toHaveLength(DIMENSIONS);
      expect(Math.hypot(...each)).toBeCloseTo(1, 5);
      expect(each[0]).toBeCloseTo(expected[at]?.[0] as number, 6);
    }
    expect(result?.vectors).toHaveLength(3);
  });

  it('puts vectors that come in another order where they belong, and gives them length 1', async () => {
    const double = (numbers: unknown[]) => numbers.map(number => 2 * (number as number));
    const wool = { ...vector(), index: 0, embedding: fakeVector('wool') };
    const { result } = await embedded(answer([vector(double, 1), wool]), ['wool', 'kettle']);
    expect(result?.vectors.map(each => each[0])).toEqual([
      expect.closeTo(fakeVector('wool')[0] as number, 6),
      expect.closeTo(fakeVector('kettle')[0] as number, 6),
    ]);
  });

  it('sends what the vendor has published, the texts well-formed, and of the environment nothing', async () => {
    vi.stubEnv('OPENAI_ORG_ID', 'org-of-the-relay');
    vi.stubEnv('OPENAI_PROJECT_ID', 'project-of-the-relay');
    const { requests } = await embedded({}, [text, 'cut \ud83e']);
    expect(requests[0]?.body).toEqual({
      model: 'text-embedding-3-small',
      input: [text, 'cut \ufffd'],
      dimensions: 512,
      encoding_format: 'float',
    });
    expect(requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(JSON.stringify(requests[0]?.headers)).not.toContain('of-the-relay');
  });

  const published = sharedData('fetched/protocol/openai_requests_2.3.0.min.json.gz');
  it.skipIf(!published)('sends what OpenAI’s OpenAPI description admits', async () => {
    const { requests } = await embedded({}, [text]);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'openai', ...published });
    const validate = ajv.getSchema('openai#/components/schemas/CreateEmbeddingRequest');
    expect(validate?.(requests[0]?.body), JSON.stringify(validate?.errors)).toBe(true);
    expect(validate?.({ ...requests[0]?.body, input: [] })).toBe(false);
  });

  it('stays below what one call may hold: 2,048 texts, 8,192 tokens of a text and 300,000 of all', async () => {
    const many = Array.from({ length: 600 }, (_, at) => `${at} ${'🫖'.repeat(at % 50 === 0 ? 4_000 : 400)}`);
    const { requests, result } = await embedded({}, many);
    expect(result?.vectors).toHaveLength(600);
    expect(requests.length).toBeGreaterThan(2);
    for (const { body } of requests) {
      // No token is shorter than a byte.
      const bytes = body.input.map((each: string) => Buffer.byteLength(each));
      expect(bytes.length).toBeLessThanOrEqual(2_048);
      expect(Math.max(...bytes)).toBeLessThanOrEqual(8_192);
      expect(bytes.reduce((sum: number, each: number) => sum + each)).toBeLessThanOrEqual(300_000);
      for (const each of body.input) expect(many[Number(each.split(' ')[0])]?.startsWith(each)).toBe(true);
    }
  });

  it('asks nothing where there is nothing to embed', async () => {
    const { requests, result } = await embedded({}, []);
    expect(result).toEqual({ vectors: [], inputTokens: 0 });
    expect(requests).toEqual([]);
  });

  it.each([
    [{ status: 401 }, { fault: 'refused', status: 401 }],
    [
      { status: 429, headers: { 'retry-after': '7' } },
      { fault: 'rate_limited', retryAfterMs: 7_000 },
    ],
    [
      { status: 500, headers: { 'retry-after': '0' } },
      { fault: 'server_error', status: 500 },
    ],
    [{ status: 302, headers: { location: '/v1/responses' } }, { fault: 'unreachable' }],
    [{ raw: '<html>Welcome to our proxy</html>' }, { fault: 'malformed' }],
    [{ raw: 'null' }, { fault: 'malformed' }],
    [{ raw: '{"data": {}}' }, { fault: 'malformed' }],
    [answer([]), { fault: 'malformed' }],
    [answer([null]), { fault: 'malformed' }],
    [answer([vector(), vector()]), { fault: 'malformed' }],
    [answer([vector(() => 'AAAA')]), { fault: 'malformed' }],
    [answer([vector(numbers => numbers.slice(1))]), { fault: 'malformed' }],
    [answer([vector(numbers => numbers.map(() => 0))]), { fault: 'malformed' }],
    [answer([vector(numbers => [null, 'x', {}, ...numbers.slice(3)])]), { fault: 'malformed' }],
    [answer([vector(numbers => numbers, 7)]), { fault: 'malformed' }],
  ] as const)('asks once, and tells what went wrong as a fault: %o', async (behaviour, fault) => {
    const { error, requests } = await embedded(behaviour);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject(fault);
    expect(requests).toHaveLength(1);
    for (const line of [String(error), error?.stack, JSON.stringify(error)]) {
      expect(line).not.toMatch(/sk-test|kettle|Bad:/);
    }
  });

  it('tells a vendor that is not there as unreachable', async () => {
    const { embeddings } = await start();
    await vendor?.close();
    await expect(embeddings.embed([text], new AbortController().signal)).rejects.toMatchObject({
      fault: 'unreachable',
    });
  });

  it.each([{ hang: true }, { hang: true, raw: '{"data": [' }])(
    'lets go of a vendor that hangs when its caller does: %o',
    async behaviour => {
      const caller = new AbortController();
      const server = await startFakeOpenai({
        embeddings: () => {
          setImmediate(() => caller.abort());
          return behaviour;
        },
      });
      vendor = server;
      const embeddings = openaiEmbeddings({ apiKey, baseUrl: server.url, model: 'm' });
      await expect(embeddings.embed([text], caller.signal)).rejects.toMatchObject({ fault: 'timed_out' });
      await server.requests[0]?.hungUp;
    },
  );

  it('breaks an answer off that is longer than vectors can be', async () => {
    const { raw } = answer([vector()]);
    expect((await embedded({ raw: `${raw}${' '.repeat(1024)}` })).error).toBeUndefined();
    await vendor?.close();
    const { error } = await embedded({ raw: `${raw}${' '.repeat(40 * 1024 * 1024)}` });
    expect(error).toMatchObject({ fault: 'malformed' });
  });
});
