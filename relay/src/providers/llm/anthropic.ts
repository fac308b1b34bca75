import Anthropic from '@anthropic-ai/sdk';
import type { FinishReason } from '@confab/contract';
import type { LlmRequest, Model, ProviderFault, Tool } from './llm.ts';
import { type SseEvent, sseEvents } from './sse.ts';
import { inputObject, vendorThread } from './thread.ts';
import { counted, faultReader, type Reader, vendorStream } from './vendor-stream.ts';

export type AnthropicConfig = {
  apiKey: string;
  /** Without a path, as `https://api.anthropic.com`. */
  baseUrl?: string | undefined;
  model: string;
  /** Instead of the global one: where somebody else chose the address. */
  fetch?: typeof globalThis.fetch | undefined;
};

/** Anthropic's Messages API. */
export function anthropicModel({
  apiKey,
  baseUrl = 'https://api.anthropic.com',
  model,
  fetch,
}: AnthropicConfig): Model {
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

  const messages = (request: LlmRequest, signal: AbortSignal) =>
    client.messages.create(
      {
        model,
        system: request.instructions.toWellFormed(),
        messages: messagesOf(request),
        max_tokens: request.maxTokens,
        ...(request.tools?.length && { tools: request.tools.map(toolOf) }),
        stream: true,
      },
      { signal },
    );

  return {
    provider: 'anthropic',
    model,
    stream: request =>
      vendorStream({
        provider: 'anthropic',
        signal: request.signal,
        faultOf,
        reader: parsed(messageReader()),
        // The SDK asks, and tells what a refusal means; its own reading of streams costs several times as much as ours.
        open: () => sseEvents({ signal: request.signal, open: signal => messages(request, signal).asResponse() }),
      }),
  };
}

/** An event from its JSON. Throws what the SDK would throw for an event that tells an error. */
function parsed(reader: Reader<Anthropic.RawMessageStreamEvent>): Reader<SseEvent> {
  return ({ type, data }) => {
    if (type === 'ping' || type === 'message' || data === '') return {};
    const event = JSON.parse(data);
    if (type === 'error') {
      throw new Anthropic.APIError(undefined, event, undefined, new Headers(), event?.error?.type);
    }
    return reader(event);
  };
}

const toolOf = ({ name, description, parameters }: Tool): Anthropic.Tool => ({
  name,
  description,
  input_schema: parameters as Anthropic.Tool.InputSchema,
});

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use */
function messagesOf(request: LlmRequest): Anthropic.MessageParam[] {
  const { turns, rounds } = vendorThread(request);
  const messages = rounds.flatMap(({ text, calls }): Anthropic.MessageParam[] => [
    {
      role: 'assistant',
      content: [
        ...(text ? [{ type: 'text' as const, text }] : []),
        ...calls.map(({ id, name, input }) => ({ type: 'tool_use' as const, id, name, input: inputObject(input) })),
      ],
    },
    {
      role: 'user',
      content: calls.map(({ id, result }) => ({ type: 'tool_result', tool_use_id: id, content: result })),
    },
  ]);
  return [...turns, ...messages];
}

/** https://platform.claude.com/docs/en/build-with-claude/streaming */
function messageReader(): Reader<Anthropic.RawMessageStreamEvent> {
  let reason: FinishReason = 'stop';
  const used = { input: 0, cached: 0, output: 0 };
  return event => {
    switch (event.type) {
      case 'message_start':
        count(event.message.usage);
        return {};
      case 'content_block_start': {
        const { content_block: block, index: place } = event;
        return block.type === 'tool_use' ? { calls: [{ place, id: block.id, name: block.name }] } : {};
      }
      case 'content_block_delta': {
        const { delta, index: place } = event;
        if (delta.type === 'text_delta') return { text: delta.text };
        return delta.type === 'input_json_delta' ? { calls: [{ place, json: delta.partial_json }] } : {};
      }
      case 'message_delta':
        reason = reasons[event.delta.stop_reason ?? 'end_turn'] ?? 'stop';
        count(event.usage);
        return {};
      case 'message_stop':
        return { end: reason, usage: counted(used.input, used.output, used.cached) };
      default:
        return {};
    }
  };

  /** Each count stands for the whole message so far; what an event leaves out is as it was. */
  function count(usage: Partial<Anthropic.Usage | Anthropic.MessageDeltaUsage> | undefined): void {
    if (typeof usage?.input_tokens === 'number') {
      used.cached = usage.cache_read_input_tokens ?? 0;
      used.input = usage.input_tokens + used.cached + (usage.cache_creation_input_tokens ?? 0);
    }
    used.output = usage?.output_tokens ?? used.output;
  }
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
