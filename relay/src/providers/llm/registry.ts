import type { ModelProvider } from '@confab/contract';
import { anthropicModel } from './anthropic.ts';
import { bedrockModel } from './bedrock.ts';
import type { Model } from './llm.ts';
import { openaiModel } from './openai.ts';

/** What a site, or the relay for it, has set for a provider. */
export type ModelConfig = {
  apiKey: string;
  baseUrl?: string | undefined;
  model: string;
  /** Where the provider asks for one. */
  region?: string | undefined;
  api?: 'responses' | 'chat_completions' | undefined;
  /** Instead of the global one: where somebody else chose the address. */
  fetch?: typeof globalThis.fetch | undefined;
};

const adapters: Record<ModelProvider, (config: ModelConfig) => Model> = {
  openai: openaiModel,
  anthropic: anthropicModel,
  bedrock: bedrockModel,
};

/** Makes an adapter; its SDK's client is kept in it, so keep it for as long as the config stays the same. */
export const createModel = (provider: ModelProvider, config: ModelConfig): Model =>
  adapters[provider]({ ...config, fetch: config.fetch && limited(config.fetch) });

/** Far more than the longest answer takes, each token as an event of its own. */
const RESPONSE_BYTES_MAX = 10_000_000;

/** The SDKs hold an event until it is whole: a server of a site's choice must not fill the memory with one. */
const limited =
  (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
  async (input, init) => {
    const { body, status, statusText, headers } = await fetch(input, init);
    let length = 0;
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        length += chunk.length;
        if (length > RESPONSE_BYTES_MAX) throw new Error('The response does not end.');
        controller.enqueue(chunk);
      },
    });
    return new Response(body?.pipeThrough(counting), { status, statusText, headers });
  };
