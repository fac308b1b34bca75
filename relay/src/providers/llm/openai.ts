import OpenAI from 'openai';
import { type Llm, type LlmRequest, ProviderError, type ProviderFault } from './llm.ts';
import { vendorMessages } from './thread.ts';
import { faultOfStatus, faultReader, type Reader, vendorStream } from './vendor-stream.ts';

export type OpenaiConfig = {
  apiKey: string;
  /** With its path, as `https://api.openai.com/v1`. */
  baseUrl?: string | undefined;
  model: string;
  /** Instead of the global one: where somebody else chose the address. */
  fetch?: typeof globalThis.fetch | undefined;
  /** `chat_completions` is for compatible servers, of which few speak the Responses API. */
  api?: 'responses' | 'chat_completions' | undefined;
};

/** OpenAI, and every server that is compatible with it. */
export function openaiLlm({ apiKey, baseUrl = 'https://api.openai.com/v1', model, api, fetch }: OpenaiConfig): Llm {
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    fetch,
    // Left out, these would be read from the environment, and would go to a server of the site's choice.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // The next provider is our retry: a visitor waits.
    maxRetries: 0,
    timeout: 60_000,
    // No vendor redirects its API; a server of the site's choice must not send us elsewhere.
    fetchOptions: { redirect: 'error' },
    // The SDK must not log what visitors say.
    logLevel: 'off',
  });
  const limit = limitField(baseUrl);

  const responses = (request: LlmRequest) =>
    client.responses.create(
      {
        model,
        instructions: request.instructions.toWellFormed(),
        input: vendorMessages(request.messages),
        max_output_tokens: request.maxTokens,
        // OpenAI keeps responses for 30 days otherwise. https://developers.openai.com/api/docs/guides/your-data
        store: false,
        stream: true,
      },
      { signal: request.signal },
    );

  const chat = (request: LlmRequest) =>
    client.chat.completions.create(
      {
        model,
        messages: [
          { role: 'system', content: request.instructions.toWellFormed() },
          ...vendorMessages(request.messages),
        ],
        [limit]: request.maxTokens,
        stream: true,
      },
      { signal: request.signal },
    );

  return {
    provider: 'openai',
    model,
    stream: request => {
      const common = { provider: 'openai', signal: request.signal, faultOf };
      return api === 'chat_completions'
        ? vendorStream({ ...common, open: () => chat(request), reader: chunkReader })
        : vendorStream({ ...common, open: () => responses(request), reader: eventReader });
    },
  };
}

/**
 * OpenAI's reasoning models refuse `max_tokens`; Mistral refuses `max_completion_tokens` with 422, and Ollama and
 * llama.cpp know `max_tokens` for certain. So only OpenAI's own hosts (Azure's included) get the new name.
 */
export const limitField = (baseUrl: string): 'max_completion_tokens' | 'max_tokens' =>
  /(^|\.)openai\.(com|azure\.com)$/.test(new URL(baseUrl).hostname) ? 'max_completion_tokens' : 'max_tokens';

/** https://developers.openai.com/api/reference/resources/responses/streaming-events */
const eventReader: Reader<OpenAI.Responses.ResponseStreamEvent> = {
  textOf: event =>
    event.type === 'response.output_text.delta' || event.type === 'response.refusal.delta' ? event.delta : undefined,
  endOf(event) {
    switch (event.type) {
      case 'response.completed':
        return 'stop';
      case 'response.incomplete':
        return event.response.incomplete_details?.reason === 'content_filter' ? 'filtered' : 'length';
      case 'response.failed':
        throw new ProviderError('openai', faultOfCode(event.response.error?.code), { cause: event.response.error });
      case 'error':
        throw new ProviderError('openai', faultOfCode(event.code), { cause: event });
      default:
        return undefined;
    }
  },
};

/** https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events */
const chunkReader: Reader<OpenAI.ChatCompletionChunk> = {
  textOf: ({ choices: [choice] }) => choice?.delta?.content || choice?.delta?.refusal,
  endOf({ choices: [choice] }) {
    const reason = choice?.finish_reason;
    if (!reason) return undefined;
    if (reason === 'content_filter') return 'filtered';
    return reason === 'length' ? 'length' : 'stop';
  },
};

const faultOf = faultReader('openai', OpenAI, error => {
  const { code, type } = error as { code?: unknown; type?: unknown };
  return faultOfCode(code ?? type);
});

/** Compatible servers put an HTTP status where OpenAI has a word. */
function faultOfCode(code: unknown): ProviderFault {
  if (typeof code === 'number') return faultOfStatus(code);
  if (code === 'rate_limit_exceeded' || code === 'insufficient_quota') return 'rate_limited';
  return code === 'invalid_prompt' || code === 'invalid_request_error' ? 'refused' : 'server_error';
}
