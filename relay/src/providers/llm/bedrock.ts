import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type {
  BedrockRuntimeClient,
  BedrockRuntimeClientConfig,
  ConverseStreamCommandInput,
  ConverseStreamOutput,
  Message,
  StopReason,
  Tool as VendorTool,
  TokenUsage as VendorUsage,
} from '@aws-sdk/client-bedrock-runtime';
import type { FinishReason } from '@confab/contract';
import { type LlmRequest, type Model, ProviderError, type ProviderFault, type Tool } from './llm.ts';
import { inputObject, vendorThread } from './thread.ts';
import {
  counted,
  faultOfStatus,
  type Heard,
  retryAfterMs,
  transportFault,
  unreachable,
  vendorStream,
} from './vendor-stream.ts';

export type BedrockConfig = {
  /** A Bedrock API key; it travels as a bearer token, so no other credentials of AWS have a part in it. */
  apiKey: string;
  /** Without a path. Where it is left out, the address of the region at AWS. */
  baseUrl?: string | undefined;
  model: string;
  region?: string | undefined;
  /** Instead of the global one: where somebody else chose the address. */
  fetch?: typeof globalThis.fetch | undefined;
};

/** Every model that AWS Bedrock offers through Converse. */
export function bedrockModel({ model, ...config }: BedrockConfig): Model {
  const converse = converser(config);
  return {
    provider: 'bedrock',
    model,
    stream: request =>
      vendorStream({
        provider: 'bedrock',
        signal: request.signal,
        faultOf,
        reader: readEvent,
        open: () => converse(inputOf(model, request), request.signal),
      }),
  };
}

/** Asks Bedrock. The SDK takes 27 MB and a tenth of a second to load, so it is loaded when the first question comes. */
function converser(config: Omit<BedrockConfig, 'model'>) {
  let loaded: Promise<(input: ConverseStreamCommandInput, signal: AbortSignal) => Promise<Events>> | undefined;
  return async (input: ConverseStreamCommandInput, signal: AbortSignal): Promise<Events> => {
    loaded ??= import('@aws-sdk/client-bedrock-runtime').then(sdk => {
      const client: BedrockRuntimeClient = new sdk.BedrockRuntimeClient(clientConfig(config));
      return async (input, signal) => {
        // Of our own, since the SDK leaves the body open when its events are not read to their end.
        const closed = new AbortController();
        const abortSignal = AbortSignal.any([signal, closed.signal]);
        const { stream } = await client.send(new sdk.ConverseStreamCommand(input), { abortSignal });
        return eventsOf(stream ?? [], closed);
      };
    });
    const send = await loaded;
    return send(input, signal);
  };
}

type Events = AsyncIterable<ConverseStreamOutput[]>;

async function* eventsOf(
  stream: AsyncIterable<ConverseStreamOutput> | never[],
  closed: AbortController,
): AsyncGenerator<ConverseStreamOutput[]> {
  try {
    for await (const event of stream) yield [event];
  } finally {
    closed.abort();
  }
}

/** Whatever is left out here, the SDK would look for in the environment, in ~/.aws, or at the metadata service. */
function clientConfig({
  apiKey,
  region = 'us-east-1',
  baseUrl = `https://bedrock-runtime.${region}.amazonaws.com`,
  fetch = globalThis.fetch,
}: Omit<BedrockConfig, 'model'>): BedrockRuntimeClientConfig {
  return {
    token: { token: apiKey },
    authSchemePreference: ['httpBearerAuth'],
    credentials: () => Promise.reject(new Error('Bedrock is asked with an API key only.')),
    region,
    endpoint: baseUrl,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    defaultsMode: 'standard',
    retryMode: 'standard',
    // The next provider is our retry: a visitor waits.
    maxAttempts: 1,
    userAgentAppId: '',
    requestHandler: fetchHandler(fetch),
  };
}

/** The SDK's own handlers speak HTTP/2, or connect to wherever a name leads. */
const fetchHandler = (fetch: typeof globalThis.fetch) => ({
  metadata: { handlerProtocol: 'http/1.1' },
  async handle(
    { protocol, hostname, port, path, method, headers, body }: VendorRequest,
    { abortSignal }: { abortSignal?: unknown } = {},
  ) {
    const { host: _host, 'content-length': _length, ...sent } = headers;
    const response = await fetch(`${protocol}//${hostname}${port ? `:${port}` : ''}${path}`, {
      method,
      headers: sent,
      body,
      // No vendor redirects its API; a server of the site's choice must not send us elsewhere.
      redirect: 'error',
      signal: abortSignal as AbortSignal,
    }).catch(error => {
      throw unreachable('bedrock', error);
    });
    return {
      response: {
        statusCode: response.status,
        reason: response.statusText,
        headers: Object.fromEntries(response.headers),
        body: response.body ? Readable.fromWeb(response.body as ReadableStream) : Readable.from([]),
      },
    };
  },
  destroy() {},
  updateHttpClientConfig() {},
  httpHandlerConfigs: () => ({}),
});

/** What the SDK's handlers are given, as far as a body of JSON needs it. */
type VendorRequest = {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  method: string;
  headers: Record<string, string>;
  body?: string;
};

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
function inputOf(modelId: string, request: LlmRequest): ConverseStreamCommandInput {
  return {
    modelId,
    system: [{ text: request.instructions.toWellFormed() }],
    messages: messagesOf(request),
    inferenceConfig: { maxTokens: request.maxTokens },
    ...(request.tools?.length && { toolConfig: { tools: request.tools.map(toolOf) } }),
  };
}

const toolOf = ({ name, description, parameters }: Tool): VendorTool => ({
  toolSpec: { name, description, inputSchema: { json: parameters as Document } },
});

/** Any JSON, as the SDK's types want it. */
type Document = NonNullable<NonNullable<NonNullable<VendorTool['toolSpec']>['inputSchema']>['json']>;

function messagesOf(request: LlmRequest): Message[] {
  const { turns, rounds } = vendorThread(request);
  return [
    ...turns.map(({ role, content }): Message => ({ role, content: [{ text: content }] })),
    ...rounds.flatMap(({ text, calls }): Message[] => [
      {
        role: 'assistant',
        content: [
          ...(text ? [{ text }] : []),
          ...calls.map(({ id: toolUseId, name, input }) => ({
            toolUse: { toolUseId, name, input: inputObject(input) as Document },
          })),
        ],
      },
      {
        role: 'user',
        content: calls.map(({ id: toolUseId, result }) => ({ toolResult: { toolUseId, content: [{ text: result }] } })),
      },
    ]),
  ];
}

/** The counts may come before the end or behind it. */
function readEvent({ contentBlockStart, contentBlockDelta, messageStop, metadata }: ConverseStreamOutput): Heard {
  if (contentBlockStart?.start?.toolUse) {
    const { toolUseId: id, name } = contentBlockStart.start.toolUse;
    return { calls: [{ place: contentBlockStart.contentBlockIndex ?? 0, id, name }] };
  }
  const delta = contentBlockDelta?.delta;
  if (delta?.toolUse) {
    return { calls: [{ place: contentBlockDelta?.contentBlockIndex ?? 0, json: delta.toolUse.input }] };
  }
  if (messageStop) return { end: reasons[messageStop.stopReason ?? 'end_turn'] ?? 'stop' };
  return { text: delta?.text, usage: metadata?.usage && usageOf(metadata.usage) };
}

/** Cached input is not in AWS's `inputTokens`. */
const usageOf = (usage: VendorUsage) =>
  counted(
    (usage.inputTokens ?? 0) + (usage.cacheReadInputTokens ?? 0) + (usage.cacheWriteInputTokens ?? 0),
    usage.outputTokens,
    usage.cacheReadInputTokens,
  );

const reasons: Partial<Record<StopReason, FinishReason>> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  content_filtered: 'filtered',
  guardrail_intervened: 'filtered',
};

/** An exception comes with the response's status, or as an event of a stream, and then with its name alone. */
function faultOf(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const { name, $metadata, $response } = error as Partial<VendorError>;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode ?? 200;
  if (status >= 300) {
    const retryAfter = $response?.headers && retryAfterMs(new Headers($response.headers));
    return new ProviderError('bedrock', faultOfStatus(status), { status, retryAfterMs: retryAfter, cause: error });
  }
  const fault = name?.endsWith('Exception') ? (faults[name.toLowerCase()] ?? 'server_error') : transportFault(error);
  return new ProviderError('bedrock', fault, { cause: error });
}

type VendorError = {
  name: string;
  $metadata: { httpStatusCode?: number };
  $response: { statusCode?: number; headers?: Record<string, string> };
};

const faults: Partial<Record<string, ProviderFault>> = {
  throttlingexception: 'rate_limited',
  validationexception: 'refused',
  modeltimeoutexception: 'timed_out',
};
