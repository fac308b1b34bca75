import Anthropic from '@anthropic-ai/sdk';
import type { FinishReason } from '@confab/contract';
import type { Llm, ProviderFault } from './llm.ts';
import { vendorMessages } from './thread.ts';
import { faultReader, type Reader, vendorStream } from './vendor-stream.ts';

export type AnthropicConfig = {
  apiKey: string;
  /** Without a path, as `https://api.anthropic.com`. */
  baseUrl?: string | undefined;
  model: string;
  /** Instead of the global one: where somebody else chose the address. */
  fetch?: typeof globalThis.fetch | undefined;
};

/** Anthropic's Messages API. */
export function anthropicLlm({ apiKey, baseUrl = 'https://api.anthropic.com', model, fetch }: AnthropicConfig): Llm {
  const client = new Anthropic({
    apiKey,
    baseURL: baseUrl,
    fetch,
    webhookKey: null,
    // The next provider is our retry: a visitor waits.
    maxRetries: 0,
    timeout: 60_000,
    // No vendor redirects its API; a server of the site's choice must not send us elsewhere.
    fetchOptions: { redirect: 'error' },
    // The SDK must not log or trace what visitors say: it logs a malformed event whole.
    logLevel: 'off',
    openTelemetry: false,
  });

  return {
    provider: 'anthropic',
    model,
    stream: request =>
      vendorStream({
        provider: 'anthropic',
        signal: request.signal,
        faultOf,
        reader: messageReader(),
        open: () =>
          client.messages.create(
            {
              model,
              system: request.instructions.toWellFormed(),
              messages: vendorMessages(request.messages),
              max_tokens: request.maxTokens,
              stream: true,
            },
            { signal: request.signal },
          ),
      }),
  };
}

/** https://platform.claude.com/docs/en/build-with-claude/streaming */
function messageReader(): Reader<Anthropic.RawMessageStreamEvent> {
  let reason: FinishReason = 'stop';
  return {
    textOf: event =>
      event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : undefined,
    endOf(event) {
      if (event.type === 'message_delta') reason = reasons[event.delta.stop_reason ?? 'end_turn'] ?? 'stop';
      return event.type === 'message_stop' ? reason : undefined;
    },
  };
}

/** https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
const reasons: Partial<Record<Anthropic.StopReason, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'filtered',
};

const faultOf = faultReader('anthropic', Anthropic, error => faultOfType((error as { type?: string | null }).type));

/** https://platform.claude.com/docs/en/api/errors */
function faultOfType(type: string | null | undefined): ProviderFault {
  if (type === 'rate_limit_error') return 'rate_limited';
  if (type === 'timeout_error') return 'timed_out';
  if (type === 'overloaded_error' || type === 'api_error') return 'server_error';
  return type ? 'refused' : 'server_error';
}
