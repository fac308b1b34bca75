import type { FinishReason } from '@confab/contract';
import OpenAI from 'openai';
import { type LlmRequest, type Model, ProviderError, type ProviderFault, type Tool } from './llm.ts';
import { type SseEvent, sseEvents } from './sse.ts';
import { inputText, vendorThread } from './thread.ts';
import { counted, faultOfStatus, faultReader, type Heard, type Reader, vendorStream } from './vendor-stream.ts';

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
export function openaiModel({ apiKey, baseUrl = 'https://api.openai.com/v1', model, api, fetch }: OpenaiConfig): Model {
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
  const isOwn = isOpenai(baseUrl);

  const responses = (request: LlmRequest, signal: AbortSignal) =>
    client.responses.create(
      {
        model,
        instructions: request.instructions.toWellFormed(),
        input: inputItems(request),
        max_output_tokens: request.maxTokens,
        // OpenAI keeps responses for 30 days otherwise. https://developers.openai.com/api/docs/guides/your-data
        store: false,
        ...(request.tools?.length && { tools: request.tools.map(responseTool) }),
        stream: true,
      },
      { signal },
    );

  const chat = (request: LlmRequest, signal: AbortSignal) =>
    client.chat.completions.create(
      {
        model,
        messages: [{ role: 'system', content: request.instructions.toWellFormed() }, ...chatMessages(request)],
        // OpenAI's reasoning models refuse `max_tokens`; Mistral refuses `max_completion_tokens` with 422, and Ollama and
        // llama.cpp know `max_tokens` for certain.
        [isOwn ? 'max_completion_tokens' : 'max_tokens']: request.maxTokens,
        // Some compatible servers refuse what they do not know; those that tell what was used do so without being asked.
        ...(isOwn && { stream_options: { include_usage: true } }),
        ...(request.tools?.length && { tools: request.tools.map(chatTool) }),
        stream: true,
      },
      { signal },
    );

  return {
    provider: 'openai',
    model,
    stream(request) {
      const { signal } = request;
      // The SDK asks, and tells what a refusal means; its own reading of streams costs several times as much as ours.
      const events = (asked: (request: LlmRequest, signal: AbortSignal) => { asResponse(): Promise<Response> }) => () =>
        sseEvents({ signal, isEnd, open: closing => asked(request, closing).asResponse() });
      const common = { provider: 'openai', signal, faultOf };
      return api === 'chat_completions'
        ? vendorStream({ ...common, open: events(chat), reader: parsed(chunkReader) })
        : vendorStream({ ...common, open: events(responses), reader: parsed(eventReader) });
    },
  };
}

const isEnd = ({ data }: SseEvent): boolean => data === '[DONE]';

/** An event from its JSON. Throws what the SDK would throw for an event that tells an error. */
function parsed<Event>(reader: Reader<Event>): Reader<SseEvent> {
  return ({ type, data }) => {
    const event = JSON.parse(data) as (Event & { error?: object | null }) | null;
    if (type === 'error' || event?.error) {
      throw new OpenAI.APIError(undefined, event?.error ?? event ?? {}, undefined, new Headers());
    }
    return reader(event as Event);
  };
}

/** Whether an address is one of OpenAI's own, Azure's included. */
export const isOpenai = (baseUrl: string): boolean => /(^|\.)openai\.(com|azure\.com)$/.test(new URL(baseUrl).hostname);

/** https://developers.openai.com/api/docs/guides/function-calling */
const responseTool = ({ name, description, parameters }: Tool): OpenAI.Responses.FunctionTool => ({
  type: 'function',
  name,
  description,
  parameters: parameters as Record<string, unknown>,
  strict: true,
});

const chatTool = ({ name, description, parameters }: Tool): OpenAI.ChatCompletionFunctionTool => ({
  type: 'function',
  function: { name, description, parameters: parameters as Record<string, unknown> },
});

function inputItems(request: LlmRequest): OpenAI.Responses.ResponseInput {
  const { turns, rounds } = vendorThread(request);
  const items = rounds.flatMap(
    ({ text, calls }): OpenAI.Responses.ResponseInput => [
      ...(text ? [{ role: 'assistant' as const, content: text }] : []),
      ...calls.map(({ id, name, input }) => ({
        type: 'function_call' as const,
        call_id: id,
        name,
        arguments: inputText(input),
      })),
      ...calls.map(({ id, result }) => ({ type: 'function_call_output' as const, call_id: id, output: result })),
    ],
  );
  return [...turns, ...items];
}

function chatMessages(request: LlmRequest): OpenAI.ChatCompletionMessageParam[] {
  const { turns, rounds } = vendorThread(request);
  const messages = rounds.flatMap(({ text, calls }): OpenAI.ChatCompletionMessageParam[] => [
    {
      role: 'assistant',
      content: text || null,
      tool_calls: calls.map(({ id, name, input }) => ({
        type: 'function',
        id,
        function: { name, arguments: inputText(input) },
      })),
    },
    ...calls.map(({ id, result }) => ({ role: 'tool' as const, tool_call_id: id, content: result })),
  ]);
  return [...turns, ...messages];
}

/** https://developers.openai.com/api/reference/resources/responses/streaming-events */
function eventReader(event: OpenAI.Responses.ResponseStreamEvent): Heard {
  switch (event.type) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return { text: event.delta };
    case 'response.output_item.done': {
      if (event.item.type !== 'function_call') return {};
      const { call_id: id, name, arguments: json } = event.item;
      return { calls: [{ place: event.output_index, id, name, json }] };
    }
    case 'response.completed':
      return { end: 'stop', usage: usageOf(event.response?.usage) };
    case 'response.incomplete': {
      const isFiltered = event.response.incomplete_details?.reason === 'content_filter';
      return { end: isFiltered ? 'filtered' : 'length', usage: usageOf(event.response.usage) };
    }
    case 'response.failed':
      throw new ProviderError('openai', faultOfCode(event.response.error?.code), { cause: event.response.error });
    case 'error':
      throw new ProviderError('openai', faultOfCode(event.code), { cause: event });
    default:
      return {};
  }
}

const usageOf = (usage: OpenAI.Responses.ResponseUsage | null | undefined) =>
  usage ? counted(usage.input_tokens, usage.output_tokens, usage.input_tokens_details?.cached_tokens) : undefined;

/** https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events */
const chunkReader: Reader<OpenAI.ChatCompletionChunk> = ({ choices: [choice], usage }) => ({
  text: choice?.delta?.content || choice?.delta?.refusal,
  calls: choice?.delta?.tool_calls?.map(({ index, id, function: called }) => ({
    place: index ?? 0,
    id,
    name: called?.name,
    json: called?.arguments,
  })),
  end: choice?.finish_reason ? (chatReasons[choice.finish_reason] ?? 'stop') : undefined,
  usage: usage
    ? counted(usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens_details?.cached_tokens)
    : undefined,
});

const chatReasons: Partial<Record<string, FinishReason>> = { content_filter: 'filtered', length: 'length' };

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
