import OpenAI from 'openai';
import { ProviderError } from '../llm/llm.ts';
import { faultReader } from '../llm/vendor-stream.ts';
import { DIMENSIONS, type Embedded, type Embeddings } from './embeddings.ts';

export type OpenaiEmbeddingsConfig = {
  apiKey: string;
  /** With its path, as `https://api.openai.com/v1`. */
  baseUrl: string;
  model: string;
  /** Instead of the global one: where somebody else chose the address. */
  fetch?: typeof globalThis.fetch | undefined;
};

/**
 * OpenAI takes 8,192 tokens a text, 300,000 a call, and 2,048 texts a call. A token is at least one byte of UTF-8, so
 * bytes that stay below are certain to be few enough. https://developers.openai.com/api/reference/resources/embeddings
 */
const TEXT_BYTES = 8_000;
const CALL_BYTES = 250_000;
const CALL_TEXTS = 256;

/** One call may take so long. */
const CALL_MS = 60_000;

/** Several times what the vectors of a call take as JSON; a server of a site's choice might send without an end. */
const ANSWER_BYTES = 32 * 1024 * 1024;

/** OpenAI's embeddings, and those of every server that is compatible with it. */
export function openaiEmbeddings({ apiKey, baseUrl, model, fetch }: OpenaiEmbeddingsConfig): Embeddings {
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    fetch: withLimit(fetch ?? globalThis.fetch),
    // Left out, these would be read from the environment, and would go to a server of the site's choice.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // Questions go on without, and pages are tried again by their job.
    maxRetries: 0,
    timeout: CALL_MS,
    // No vendor redirects its API; a server of the site's choice must not send us elsewhere.
    fetchOptions: { redirect: 'error' },
    // The SDK must not log what visitors say.
    logLevel: 'off',
  });

  async function call(input: string[], signal: AbortSignal): Promise<Embedded> {
    // The SDK's own limit ends with the head of the answer.
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
    try {
      const request = { model, input, dimensions: DIMENSIONS, encoding_format: 'float' as const };
      const answer = await client.embeddings.create(request, { signal: limited });
      return { vectors: vectorsOf(answer, input.length), inputTokens: tokensOf(answer) };
    } catch (error) {
      throw limited.aborted ? new ProviderError('openai', 'timed_out', { cause: error }) : faultOf(error);
    }
  }

  return {
    provider: 'openai',
    model,
    async embed(texts, signal) {
      const whole: Embedded = { vectors: [], inputTokens: 0 };
      for (const input of calls(texts)) {
        const { vectors, inputTokens } = await call(input, signal);
        whole.vectors.push(...vectors);
        whole.inputTokens += inputTokens;
      }
      return whole;
    },
  };
}

const faultOf = faultReader('openai', OpenAI, () => 'malformed');

const malformed = (what: string) => new ProviderError('openai', 'malformed', { cause: new TypeError(what) });

/** The texts as they are sent, so many at once as one call may hold. */
function calls(texts: readonly string[]): string[][] {
  const all: string[][] = [];
  let bytes = CALL_BYTES;
  for (const text of texts) {
    const cut = beginning(text);
    bytes += Buffer.byteLength(cut);
    const last = all.at(-1);
    if (!last || bytes > CALL_BYTES || last.length === CALL_TEXTS) {
      all.push([cut]);
      bytes = Buffer.byteLength(cut);
    } else {
      last.push(cut);
    }
  }
  return all;
}

function beginning(text: string): string {
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= TEXT_BYTES) return whole;
  // In stream mode the decoder keeps back what a cut character begins with.
  return new TextDecoder().decode(Buffer.from(whole).subarray(0, TEXT_BYTES), { stream: true });
}

/** Whatever answers, this is what it is checked for: the types of the SDK are only what OpenAI promises. */
function vectorsOf(answer: { data?: unknown } | null | undefined, count: number): Float32Array[] {
  const { data } = answer ?? {};
  if (!Array.isArray(data) || data.length !== count) throw malformed('not one vector for each text');
  const vectors = new Map<number, Float32Array>();
  for (const [place, entry] of data.entries()) vectors.set(entry?.index ?? place, unit(entry?.embedding));
  return data.map((_, index) => {
    const vector = vectors.get(index);
    if (!vector) throw malformed('a text without its vector');
    return vector;
  });
}

/** Compatible servers need not give vectors of length 1. */
function unit(numbers: unknown): Float32Array {
  if (!Array.isArray(numbers) || numbers.length !== DIMENSIONS) throw malformed('a vector of another size');
  const length = Math.hypot(...numbers);
  if (!Number.isFinite(length) || length === 0) throw malformed('a vector without a direction');
  return Float32Array.from(numbers, number => number / length);
}

function tokensOf(answer: { usage?: { total_tokens?: unknown } }): number {
  const tokens = answer.usage?.total_tokens;
  return typeof tokens === 'number' && tokens > 0 ? tokens : 0;
}

/** The same, but an answer that is longer than it may be breaks off. */
const withLimit =
  (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (!response.body) return response;
    let left = ANSWER_BYTES;
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        left -= bytes.byteLength;
        if (left < 0) controller.error(new RangeError('the answer is too long'));
        else controller.enqueue(bytes);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(counted), { status, statusText, headers });
  };
