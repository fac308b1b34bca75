import { crc32 } from 'node:zlib';
import {
  type Dialect,
  type FakeModelServer,
  type FakeRequest,
  type FakeTurn,
  fieldsRefusal,
  has,
  inPieces,
  isCount,
  isSchema,
  isText,
  type Script,
  startModelServer,
  threadRefusal,
  toolsRefusal,
} from './model-server.ts';

/** A local AWS Bedrock: ConverseStream, with an API key as bearer token. Its `url` is the base URL for the SDK. */
export const startFakeBedrock = ({ script }: { script?: Script } = {}): Promise<FakeModelServer> =>
  startModelServer({ '/model/*/converse-stream': converse }, script);

/** One event of a stream as AWS frames it. https://smithy.io/2.0/aws/amazon-eventstream.html */
export const bedrockEvent = (type: string, payload: object, kind: 'event' | 'exception' = 'event'): Uint8Array =>
  framed(
    { [`:${kind}-type`]: type, ':content-type': 'application/json', ':message-type': kind },
    Buffer.from(JSON.stringify(payload)),
  );

function framed(named: Record<string, string>, payload: Uint8Array): Uint8Array {
  const headers = Buffer.concat(
    Object.entries(named).map(([name, value]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      // 7: the value is a text.
      return Buffer.concat([
        Buffer.from([Buffer.byteLength(name)]),
        Buffer.from(name),
        Buffer.from([7]),
        length,
        Buffer.from(value),
      ]);
    }),
  );
  const prelude = numbers(headers.length + payload.length + 16, headers.length);
  const head = Buffer.concat([prelude, numbers(crc32(prelude)), headers, payload]);
  return Buffer.concat([head, numbers(crc32(head))]);
}

function numbers(...all: number[]): Buffer {
  const bytes = Buffer.alloc(4 * all.length);
  for (const [at, each] of all.entries()) bytes.writeUInt32BE(each, 4 * at);
  return bytes;
}

const converse: Dialect = {
  contentType: 'application/vnd.amazon.eventstream',
  refusal({ authorization }, body) {
    if (!/^Bearer \S+$/.test(authorization ?? '')) return { status: 403, message: 'Authentication failed' };
    const message =
      fieldsRefusal(
        body,
        {
          messages: value => Array.isArray(value),
          system: value => Array.isArray(value) && value.every(block => has(block, 'text') && isText(block.text)),
          inferenceConfig: value =>
            has(value as object, 'maxTokens') && isCount((value as { maxTokens: number }).maxTokens),
        },
        ['toolConfig'],
      ) ??
      (body.toolConfig === undefined || has(body.toolConfig, 'tools') ? undefined : 'toolConfig: not valid') ??
      toolsRefusal(body.toolConfig?.tools, ({ toolSpec, ...unknown }) => {
        const spec = toolSpec as Record<string, unknown>;
        const { json } = (spec.inputSchema ?? {}) as { json?: unknown };
        return (
          has(unknown) && has(spec, 'name', 'description', 'inputSchema') && isText(spec.description) && isSchema(json)
        );
      }) ??
      threadRefusal(turnsOf(body), toolNames(body));
    return message === undefined ? undefined : { status: 400, message };
  },
  problem: (_status, message) => ({ message }),
  begin: () => bedrockEvent('messageStart', { role: 'assistant' }),
  piece: text => bedrockEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text } }),
  call({ id, name, json }, place) {
    const contentBlockIndex = place + 1;
    const piece = (input: string) =>
      bedrockEvent('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input } } });
    return Buffer.concat([
      bedrockEvent('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId: id, name } } }),
      ...inPieces(json).map(piece),
      bedrockEvent('contentBlockStop', { contentBlockIndex }),
    ]);
  },
  end(reason, { calls, used: { input, cached, output } }) {
    const stop = calls.length > 0 ? 'tool_use' : 'end_turn';
    const stopReason = { stop, length: 'max_tokens', filtered: 'guardrail_intervened' }[reason];
    const usage = {
      inputTokens: input - cached,
      cacheReadInputTokens: cached,
      outputTokens: output,
      totalTokens: input + output,
    };
    return Buffer.concat([
      bedrockEvent('contentBlockStop', { contentBlockIndex: 0 }),
      bedrockEvent('messageStop', { stopReason }),
      bedrockEvent('metadata', { usage, metrics: { latencyMs: 234 } }),
    ]);
  },
  error: message => bedrockEvent('modelStreamErrorException', { message, originalStatusCode: 500 }, 'exception'),
  malformed() {
    const event = bedrockEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'torn' } });
    // A checksum that is wrong.
    event.set([event[0] as number, 0xff], event.length - 2);
    return event;
  },
};

const toolNames = ({ toolConfig }: FakeRequest['body']): string[] =>
  (toolConfig?.tools ?? []).map(({ toolSpec }: { toolSpec: { name: string } }) => toolSpec.name);

/** A block of another kind, or with another field, is a text that is none. */
const turnsOf = ({ messages }: FakeRequest['body']): FakeTurn[] =>
  messages.map(({ role, content }: FakeRequest['body']): FakeTurn => {
    const turn = {
      role,
      texts: [] as unknown[],
      calls: [] as { id: unknown; name: unknown }[],
      results: [] as unknown[],
    };
    for (const block of content as FakeRequest['body'][]) {
      const { text, toolUse, toolResult } = block;
      if (toolUse && has(block, 'toolUse') && has(toolUse, 'toolUseId', 'name', 'input') && isObject(toolUse.input)) {
        turn.calls.push({ id: toolUse.toolUseId, name: toolUse.name });
      } else if (toolResult && has(block, 'toolResult') && has(toolResult, 'toolUseId', 'content')) {
        turn.results.push(isText(toolResult.content[0]?.text) ? toolResult.toolUseId : undefined);
      } else turn.texts.push(has(block, 'text') ? text : undefined);
    }
    return turn;
  });

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
