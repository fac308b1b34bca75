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

/** A local OpenAI: the Responses API and chat completions. Its `url` is the base URL for the SDK, `/v1` included. */
export async function startFakeOpenai({ script }: { script?: Script } = {}): Promise<FakeModelServer> {
  const server = await startModelServer({ '/v1/responses': responses, '/v1/chat/completions': chat }, script);
  return { ...server, url: `${server.url}/v1` };
}

const types: Record<number, string> = { 429: 'rate_limit_error', 500: 'server_error', 503: 'server_error' };

const problem = (status: number, message: string) => ({
  error: { message, type: types[status] ?? 'invalid_request_error', param: null, code: null },
});

const refused = (authorization: string | undefined, message: string | undefined) => {
  if (!/^Bearer \S+$/.test(authorization ?? '')) return { status: 401, message: 'You did not provide an API key.' };
  return message === undefined ? undefined : { status: 400, message };
};

const reply = (model: string, status: string, more: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_790_000_000,
  status,
  error: null,
  incomplete_details: null,
  model,
  output: [],
  ...more,
});

const responses: Dialect = {
  refusal: ({ authorization }, body) =>
    refused(
      authorization,
      fieldsRefusal(body, {
        model: isText,
        instructions: isText,
        input: value => Array.isArray(value),
        max_output_tokens: value => isCount(value) && (value as number) >= 16,
        store: value => typeof value === 'boolean',
        stream: value => value === true,
      }) ?? messagesRefusal(body.input, ['user', 'assistant']),
    ),
  problem,
  begin: model =>
    event({ type: 'response.created', sequence_number: 0, response: reply(model, 'in_progress') }, 'response.created') +
    event(
      {
        type: 'response.output_item.added',
        sequence_number: 1,
        output_index: 0,
        item: { id: 'msg_1', type: 'message', status: 'in_progress', content: [], role: 'assistant' },
      },
      'response.output_item.added',
    ),
  piece: delta =>
    event(
      { type: 'response.output_text.delta', sequence_number: 2, item_id: 'msg_1', output_index: 0, delta },
      'response.output_text.delta',
    ),
  end(reason, text) {
    const done = { type: 'response.output_text.done', sequence_number: 3, item_id: 'msg_1', output_index: 0, text };
    const type = reason === 'stop' ? 'response.completed' : 'response.incomplete';
    const details = reason === 'length' ? 'max_output_tokens' : 'content_filter';
    const response =
      reason === 'stop'
        ? reply('fake', 'completed')
        : reply('fake', 'incomplete', { incomplete_details: { reason: details } });
    return event(done, done.type) + event({ type, sequence_number: 4, response }, type);
  },
  error(message) {
    const error = { type: 'server_error', code: 'server_error', message, param: null };
    return (
      event({ type: 'error', sequence_number: 3, error }, 'error') +
      event({ type: 'response.failed', sequence_number: 4, response: reply('fake', 'failed', { error }) })
    );
  },
};

const chunk = (delta: object, finish_reason: string | null = null) =>
  event({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'fake',
    choices: [{ index: 0, delta, finish_reason }],
  });

/** As compatible servers are: `max_tokens`, the instructions as a system message, and nothing that is only OpenAI's. */
const chat: Dialect = {
  refusal({ authorization }, body) {
    const [system, ...rest] = Array.isArray(body?.messages) ? body.messages : [];
    return refused(
      authorization,
      fieldsRefusal(body, {
        model: isText,
        messages: value => Array.isArray(value),
        max_tokens: isCount,
        stream: value => value === true,
      }) ??
        (system?.role === 'system' ? undefined : 'messages.0: must be of the system') ??
        messagesRefusal(rest, ['user', 'assistant']),
    );
  },
  problem,
  begin: () => chunk({ role: 'assistant', content: '', refusal: null }),
  piece: content => chunk({ content }),
  end(reason) {
    const word = { stop: 'stop', length: 'length', filtered: 'content_filter' }[reason];
    return `${chunk({}, word)}data: [DONE]\n\n`;
  },
  error: message => event(problem(500, message)),
};
