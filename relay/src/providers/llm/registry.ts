import { anthropicLlm } from './anthropic.ts';
import { extractiveLlm } from './extractive.ts';
import type { Llm } from './llm.ts';
import { openaiLlm } from './openai.ts';

/** What a site, or the relay for it, has set for a provider. */
export type LlmConfig = {
  apiKey: string;
  baseUrl?: string | undefined;
  model: string;
  api?: 'responses' | 'chat_completions' | undefined;
  fetch?: typeof globalThis.fetch | undefined;
};

const adapters = {
  openai: openaiLlm,
  anthropic: anthropicLlm,
  extractive: () => extractiveLlm(),
} satisfies Record<string, (config: LlmConfig) => Llm>;

/** Makes an adapter; its SDK's client is made with it, so keep it for as long as the config stays the same. */
export const createLlm = (provider: keyof typeof adapters, config: LlmConfig): Llm => adapters[provider](config);
