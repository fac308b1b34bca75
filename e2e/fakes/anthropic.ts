import {
  type Dialect,
  event,
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

/** A local Anthropic: the Messages API. Its `url` is the base URL for the SDK. */
export const startFakeAnthropic = ({ script }: { script?: Script } = {}): Promise<FakeModelServer> =>
  startModelServer({ '/v1/messages': messages }, script);

const types: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

const named = (data: { type: string; [field: string]: unknown }) => event(data, data.type);

const messages: Dialect = {
  refusal(headers, body) {
    // The key came as `x-api-key` until SDK 1; since then it comes as a bearer token.
    const key = headers['x-api-key'] ?? headers.authorization?.match(/^Bearer (\S+)$/)?.[1];
    if (!key) return { status: 401, message: 'authentication is required' };
    if (!headers['anthropic-version']) return { status: 400, message: 'anthropic-version: header is required' };
    const message =
      fieldsRefusal(
        body,
        {
          model: isText,
          max_tokens: isCount,
          messages: value => Array.isArray(value),
          system: isText,
          stream: value => value === true,
        },
        ['tools'],
      ) ??
      toolsRefusal(
        body.tools,
        tool =>
          has(tool, 'name', 'description', 'input_schema') && isText(tool.description) && isSchema(tool.input_schema),
      ) ??
      threadRefusal(turnsOf(body), names(body));
    return message === undefined ? undefined : { status: 400, message };
  },
  problem: (status, message) => ({
    type: 'error',
    error: { type: types[status] ?? 'api_error', message },
    request_id: 'req_1',
  }),
  begin: (model, { input, cached }) =>
    named({
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: input - cached, cache_read_input_tokens: cached, output_tokens: 1 },
      },
    }) +
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
    named({ type: 'ping' }),
  piece: text => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  call: ({ id, name, json }, place) => {
    const index = place + 1;
    const piece = (partial_json: string) =>
      named({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } });
    return (
      named({ type: 'content_block_start', index, content_block: { type: 'tool_use', id, name, input: {} } }) +
      ['', ...inPieces(json)].map(piece).join('') +
      named({ type: 'content_block_stop', index })
    );
  },
  end(reason, { calls, used }) {
    const stop = calls.length > 0 ? 'tool_use' : 'end_turn';
    const stop_reason = { stop, length: 'max_tokens', filtered: 'refusal' }[reason];
    return (
      named({ type: 'content_block_stop', index: 0 }) +
      named({
        type: 'message_delta',
        delta: { stop_reason, stop_sequence: null },
        usage: { output_tokens: used.output },
      }) +
      named({ type: 'message_stop' })
    );
  },
  error: message => named({ type: 'error', error: { type: 'overloaded_error', message } }),
};

const names = ({ tools = [] }: FakeRequest['body']): string[] => tools.map(({ name }: { name: string }) => name);

/** Blocks as the thread's turns; a block of another kind, or with another field, is a text that is none. */
const turnsOf = ({ messages }: FakeRequest['body']): FakeTurn[] =>
  messages.map(({ role, content, ...unknown }: FakeRequest['body']): FakeTurn => {
    const blocks: FakeRequest['body'][] = Array.isArray(content) ? content : [{ type: 'text', text: content }];
    const turn = {
      role,
      texts: [] as unknown[],
      calls: [] as { id: unknown; name: unknown }[],
      results: [] as unknown[],
    };
    for (const block of [...blocks, ...(has(unknown) ? [] : [unknown])]) {
      if (block.type === 'text' && has(block, 'type', 'text')) turn.texts.push(block.text);
      else if (block.type === 'tool_use' && has(block, 'type', 'id', 'name', 'input') && isObject(block.input)) {
        turn.calls.push(block);
      } else if (
        block.type === 'tool_result' &&
        has(block, 'type', 'tool_use_id', 'content') &&
        isText(block.content)
      ) {
        turn.results.push(block.tool_use_id);
      } else turn.texts.push(undefined);
    }
    return turn;
  });

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
