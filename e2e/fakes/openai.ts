import { fakeVector } from './embeddings.ts';
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
  type Plain,
  type Script,
  startModelServer,
  threadRefusal,
  toolsRefusal,
} from './model-server.ts';

/** What a request for embeddings gets; left empty, `fakeVector` of each text. */
export type EmbeddingsBehaviour = {
  /** An HTTP error, in the vendor's format. */
  status?: number;
  headers?: Record<string, string>;
  /** A body instead of the vectors; `hang` waits behind it until the client hangs up. */
  raw?: string;
  hang?: boolean;
};

type FakeOpenaiScripts = { script?: Script; embeddings?: (request: FakeRequest) => EmbeddingsBehaviour | undefined };

/**
 * A local OpenAI: the Responses API, chat completions and embeddings. Its `url` is the base URL for the SDK, `/v1`
 * included.
 */
export async function startFakeOpenai({ script, embeddings }: FakeOpenaiScripts = {}): Promise<FakeModelServer> {
  const paths = {
    '/v1/responses': responses,
    '/v1/chat/completions': chat,
    '/v1/embeddings': embed(embeddings ?? (() => undefined)),
  };
  const server = await startModelServer(paths, script);
  return { ...server, url: `${server.url}/v1` };
}

const embed =
  (script: NonNullable<FakeOpenaiScripts['embeddings']>): Plain =>
  (request, response) => {
    const { body, headers } = request;
    const isInput = (value: unknown) => Array.isArray(value) && value.length <= 2_048 && value.every(isText);
    const refusal = refused(
      headers.authorization,
      fieldsRefusal(body, {
        model: isText,
        input: isInput,
        dimensions: isCount,
        encoding_format: value => value === 'float',
      }),
    );
    const behaviour = refusal ?? script(request) ?? {};
    const send = (status: number, answer: object) =>
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(answer));
    const { headers: more = {}, raw, hang } = behaviour as EmbeddingsBehaviour;
    // As the vendor does, it repeats what it was sent.
    if (behaviour.status) return send(behaviour.status, problem(behaviour.status, `Bad: ${JSON.stringify(body)}`));
    if (raw !== undefined || hang) {
      response.writeHead(200, { 'content-type': 'application/json' }).write(raw ?? ' ');
      return hang || response.end();
    }
    const tokens = body.input.join(' ').split(/\s+/).length;
    const data = (body.input as string[]).map((text, index) => ({
      object: 'embedding',
      index,
      embedding: fakeVector(text),
    }));
    send(200, { object: 'list', data, model: body.model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
  };

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
      fieldsRefusal(
        body,
        {
          model: isText,
          instructions: isText,
          input: value => Array.isArray(value),
          max_output_tokens: value => isCount(value) && (value as number) >= 16,
          store: value => typeof value === 'boolean',
          stream: value => value === true,
        },
        ['tools'],
      ) ??
        toolsRefusal(
          body.tools,
          tool =>
            has(tool, 'type', 'name', 'description', 'parameters', 'strict') &&
            tool.type === 'function' &&
            isSchema(tool.parameters),
        ) ??
        threadRefusal(turnsOfItems(body.input), toolNames(body)),
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
  call: ({ id, name, json }, place) => {
    const output_index = place + 1;
    const item = (status: string, written: string) => ({
      output_index,
      item: { id: `fc_${id}`, type: 'function_call', status, arguments: written, call_id: id, name },
    });
    const delta = (text: string) =>
      event({
        type: 'response.function_call_arguments.delta',
        sequence_number: 3,
        item_id: `fc_${id}`,
        output_index,
        delta: text,
      });
    return (
      event({ type: 'response.output_item.added', sequence_number: 3, ...item('in_progress', '') }) +
      inPieces(json).map(delta).join('') +
      event({
        type: 'response.function_call_arguments.done',
        sequence_number: 3,
        item_id: `fc_${id}`,
        output_index,
        arguments: json,
      }) +
      event({ type: 'response.output_item.done', sequence_number: 3, ...item('completed', json) })
    );
  },
  end(reason, { text, used }) {
    const done = { type: 'response.output_text.done', sequence_number: 3, item_id: 'msg_1', output_index: 0, text };
    const type = reason === 'stop' ? 'response.completed' : 'response.incomplete';
    const details = reason === 'length' ? 'max_output_tokens' : 'content_filter';
    const usage = {
      input_tokens: used.input,
      input_tokens_details: { cached_tokens: used.cached },
      output_tokens: used.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: used.input + used.output,
    };
    const response =
      reason === 'stop'
        ? reply('fake', 'completed', { usage })
        : reply('fake', 'incomplete', { usage, incomplete_details: { reason: details } });
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
      fieldsRefusal(
        body,
        {
          model: isText,
          messages: value => Array.isArray(value),
          max_tokens: isCount,
          stream: value => value === true,
        },
        ['tools'],
      ) ??
        (system?.role === 'system' ? undefined : 'messages.0: must be of the system') ??
        toolsRefusal(body.tools, tool => {
          const called = tool.function as Record<string, unknown>;
          return (
            has(tool, 'type', 'function') &&
            has(called, 'name', 'description', 'parameters') &&
            isSchema(called.parameters)
          );
        }) ??
        threadRefusal(turnsOfMessages(rest), toolNames(body)),
    );
  },
  problem,
  begin: () => chunk({ role: 'assistant', content: '', refusal: null }),
  piece: content => chunk({ content }),
  call: ({ id, name, json }, index) =>
    chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }) +
    inPieces(json)
      .map(piece => chunk({ tool_calls: [{ index, function: { arguments: piece } }] }))
      .join(''),
  end(reason, { calls }) {
    const word = { stop: calls.length > 0 ? 'tool_calls' : 'stop', length: 'length', filtered: 'content_filter' }[
      reason
    ];
    return `${chunk({}, word)}data: [DONE]\n\n`;
  },
  error: message => event(problem(500, message)),
};

const toolNames = ({ tools = [] }: FakeRequest['body']): string[] =>
  tools.map((tool: FakeRequest['body']) => tool.name ?? tool.function.name);

type Grown = FakeTurn & Required<Pick<FakeTurn, 'calls' | 'results'>>;

/** The turns of which each has several items here; an item of another kind, or with another field, is a text that is none. */
function turnsOfItems(items: FakeRequest['body'][]): FakeTurn[] {
  const turns = turnsGrowing();
  for (const item of items) {
    const { role, content, type } = item;
    if (type === 'function_call' && has(item, 'type', 'call_id', 'name', 'arguments') && isJsonText(item.arguments)) {
      turns.of('assistant', 'calls').calls.push({ id: item.call_id, name: item.name });
    } else if (type === 'function_call_output' && has(item, 'type', 'call_id', 'output') && isText(item.output)) {
      turns.of('user', 'results').results.push(item.call_id);
    } else turns.add(role, has(item, 'role', 'content') ? content : undefined);
  }
  return turns.all;
}

function turnsOfMessages(messages: FakeRequest['body'][]): FakeTurn[] {
  const turns = turnsGrowing();
  for (const message of messages) {
    const { role, content, tool_calls: calls } = message;
    if (role === 'tool' && has(message, 'role', 'tool_call_id', 'content') && isText(content)) {
      turns.of('user', 'results').results.push(message.tool_call_id);
    } else if (calls && has(message, 'role', 'content', 'tool_calls')) {
      turns.add(role, ...(content === null ? [] : [content]));
      for (const call of calls) {
        const isCall = has(call, 'type', 'id', 'function') && has(call.function, 'name', 'arguments');
        turns.of('assistant', 'calls').calls.push({ id: isCall && call.id, name: call.function.name });
      }
    } else turns.add(role, has(message, 'role', 'content') ? content : undefined);
  }
  return turns.all;
}

function turnsGrowing() {
  const all: Grown[] = [];
  const add = (role: Grown['role'], ...texts: unknown[]): Grown => {
    const turn: Grown = { role, texts, calls: [], results: [] };
    all.push(turn);
    return turn;
  };
  return {
    all,
    add,
    /** The last turn where it is of this role and may still grow by calls or by results; else a new one. */
    of(role: Grown['role'], what: 'calls' | 'results'): Grown {
      const last = all.at(-1);
      return last?.role === role && (what === 'calls' || last.texts.length === 0) ? last : add(role);
    },
  };
}

/** OpenAI takes back any text that the model wrote as the input of a call. */
const isJsonText = (value: unknown): boolean => typeof value === 'string';
