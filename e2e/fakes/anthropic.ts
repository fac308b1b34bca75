import {
  type Dialect,
  event,
  type FakeModelServer,
  fieldsRefusal,
  isCount,
  isText,
  messagesRefusal,
  type Script,
  startModelServer,
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
      fieldsRefusal(body, {
        model: isText,
        max_tokens: isCount,
        messages: value => Array.isArray(value),
        system: isText,
        stream: value => value === true,
      }) ?? messagesRefusal(body.messages, ['user', 'assistant']);
    return message === undefined ? undefined : { status: 400, message };
  },
  problem: (status, message) => ({
    type: 'error',
    error: { type: types[status] ?? 'api_error', message },
    request_id: 'req_1',
  }),
  begin: model =>
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
        usage: { input_tokens: 10, output_tokens: 1 },
      },
    }) +
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
    named({ type: 'ping' }),
  piece: text => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  end(reason) {
    const stop_reason = { stop: 'end_turn', length: 'max_tokens', filtered: 'refusal' }[reason];
    return (
      named({ type: 'content_block_stop', index: 0 }) +
      named({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 12 } }) +
      named({ type: 'message_stop' })
    );
  },
  error: message => named({ type: 'error', error: { type: 'overloaded_error', message } }),
};
