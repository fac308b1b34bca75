import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a fake vendor does with one request. Left empty, it answers 'Hello there.' in two pieces. */
export type Behaviour = {
  /** An HTTP error, in the vendor's format, instead of a stream. */
  status?: number;
  headers?: Record<string, string>;
  pieces?: readonly string[];
  /** The calls of tools that stand behind the pieces; then there are no pieces unless they are given. */
  calls?: readonly FakeCall[];
  /** What the vendor says it has used; by itself that is the `USED` of below. */
  used?: { input: number; cached: number; output: number };
  /** Awaited before each piece, with its number: the test's own hand on the pace. */
  before?: (piece: number) => Promise<unknown> | undefined;
  /** How it ends. `hang` waits until the client hangs up; with no pieces it hangs before the response's head. */
  ending?: 'stop' | 'length' | 'filtered' | 'error' | 'malformed' | 'cut' | 'hang' | 'no_end';
  /** A recorded or hand-written stream, instead of pieces. */
  raw?: string | Uint8Array;
  /** Sends every event in parts of so many bytes, so that characters and events are cut; or as the function says. */
  chunkBytes?: number | (() => number);
};

/** A call of a tool; `json` is its input as the model writes it, broken ones too. */
export type FakeCall = { id: string; name: string; json: string };

export const USED = { input: 30, cached: 8, output: 12 };

export type FakeRequest = {
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like
  body: any;
  /** The client's port: the same one again is the same connection again. */
  port: number | undefined;
  /** Resolves when the client goes away before the answer is complete; stays pending otherwise. */
  hungUp: Promise<void>;
};

/** What a request gets, decided when it arrives; or the same for every one. */
export type Script = Behaviour | ((request: FakeRequest) => Behaviour);

/** How one API of a vendor says things: in whole events. */
export type Dialect = {
  contentType?: string;
  /** What the vendor would refuse in this request. */
  refusal(headers: IncomingHttpHeaders, body: FakeRequest['body']): { status: number; message: string } | undefined;
  /** The body of an HTTP error. */
  problem(status: number, message: string): object;
  begin(model: string, used: Required<Behaviour>['used']): Events;
  piece(text: string): Events;
  /** A call, its input in pieces where the vendor sends it so; `place` counts from 0. */
  call(call: FakeCall, place: number): Events;
  end(reason: 'stop' | 'length' | 'filtered', said: Said): Events;
  /** An error in the middle of a stream. */
  error(message: string): Events;
  /** What no client can read. */
  malformed?(): Events;
};

type Events = string | Uint8Array;

/** The whole answer, for the vendors that say it again at its end. */
export type Said = {
  text: string;
  calls: readonly FakeCall[];
  used: Required<Behaviour>['used'];
  request: FakeRequest['body'];
};

export type FakeModelServer = { url: string; requests: FakeRequest[]; close(): Promise<void> };

/** What a vendor answers at once, as JSON. */
export type Plain = (request: FakeRequest, response: ServerResponse) => unknown;

/** A local vendor of language models. It checks what it is sent as the vendor does, then acts by its script. */
export async function startModelServer(
  dialects: Record<string, Dialect | Plain>,
  script: Script = {},
): Promise<FakeModelServer> {
  const requests: FakeRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming, response);
    requests.push(request);
    // Where the path holds a model's name, `*` stands for it.
    const dialect = dialects[request.path] ?? dialects[request.path.replace(/[^/]+(?=\/[^/]+$)/, '*')];
    if (!dialect) return void response.writeHead(404).end();
    if (typeof dialect === 'function') return void dialect(request, response);
    const refusal = dialect.refusal(request.headers, request.body);
    if (refusal) return problem(response, dialect, refusal.status, refusal.message, {});
    const behaviour = typeof script === 'function' ? script(request) : script;
    await answer(response, dialect, request, behaviour);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(incoming: IncomingMessage, response: ServerResponse): Promise<FakeRequest> {
  const hungUp = new Promise<void>(resolve => {
    response.on('close', () => response.writableFinished || resolve());
  });
  const { url = '', headers, socket } = incoming;
  return { path: url, headers, body: parse((await buffer(incoming)).toString()), port: socket.remotePort, hungUp };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function answer(response: ServerResponse, dialect: Dialect, request: FakeRequest, behaviour: Behaviour) {
  const { calls = [], before, ending = 'stop', chunkBytes, used = USED } = behaviour;
  const { pieces = calls.length > 0 ? [] : ['Hello ', 'there.'] } = behaviour;
  // Vendors repeat what they were sent; so do we, for the sake of tests that nothing of it reaches a log.
  const echo = `Bad: ${request.headers.authorization ?? request.headers['x-api-key']} ${JSON.stringify(request.body)}`;
  if (behaviour.status) return problem(response, dialect, behaviour.status, echo, behaviour.headers ?? {});

  const { contentType = 'text/event-stream; charset=utf-8' } = dialect;
  const send = (events: Events) => {
    if (response.destroyed) return;
    if (!response.headersSent) response.writeHead(200, { 'content-type': contentType });
    const bytes = Buffer.from(events);
    for (let at = 0; at < bytes.length; ) {
      const size = typeof chunkBytes === 'function' ? chunkBytes() : (chunkBytes ?? bytes.length);
      response.write(bytes.subarray(at, at + size));
      at += size;
    }
  };

  if (behaviour.raw !== undefined) {
    send(behaviour.raw);
    return void response.end();
  }
  if (ending === 'hang' && pieces.length === 0) return;
  send(dialect.begin(request.body.model, used));
  for (const [index, piece] of pieces.entries()) {
    await before?.(index);
    send(dialect.piece(piece));
  }
  for (const [place, call] of calls.entries()) send(dialect.call(call, place));
  switch (ending) {
    case 'hang':
      return;
    case 'cut':
      // Behind the words written so far; `destroy` at once would swallow them.
      return void response.write(dialect.contentType ? dialect.piece('cut').slice(0, 9) : ': cut\n\n', () =>
        response.socket?.destroy(),
      );
    case 'no_end':
      break;
    case 'malformed':
      send(dialect.malformed?.() ?? 'event: message\ndata: {"type": "mess\n\n');
      break;
    case 'error':
      send(dialect.error(echo));
      break;
    default:
      send(dialect.end(ending, { text: pieces.join(''), calls, used, request: request.body }));
  }
  response.end();
}

function problem(
  response: ServerResponse,
  dialect: Dialect,
  status: number,
  message: string,
  headers: Record<string, string>,
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(dialect.problem(status, message)));
}

/** One server-sent event with JSON in it. */
export const event = (data: object, name?: string): string =>
  `${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`;

/** One turn of a thread, whatever the vendor calls its parts. */
export type FakeTurn = {
  role: 'user' | 'assistant';
  /** Its texts; `unknown`, since nobody has checked them. */
  texts: unknown[];
  calls?: { id: unknown; name: unknown }[];
  /** The ids of the calls whose results are in it. */
  results?: unknown[];
};

/** The first thing wrong with a thread, in words. */
export function threadRefusal(turns: readonly FakeTurn[], tools: readonly string[] = []): string | undefined {
  if (turns.length === 0) return 'messages: at least one message is required';
  const ids = new Set<unknown>();
  for (const [at, { role, texts, calls = [], results = [] }] of turns.entries()) {
    const name = `messages.${at}`;
    if (turns[at - 1]?.role === role) return `${name}: roles must alternate`;
    if (at === 0 && role !== 'user') return `${name}: the first message must be of the user`;
    if (texts.length + calls.length + results.length === 0) return `${name}: content is required`;
    if (!texts.every(isText)) return `${name}: text must be non-empty`;
    if (!texts.every(text => (text as string).isWellFormed())) return `${name}: not valid Unicode`;
    if (calls.length + results.length > 0 && tools.length === 0) return `${name}: there are no tools`;
    for (const call of calls) {
      if (!/^[\w-]{1,64}$/.test(String(call.id)) || ids.has(call.id)) return `${name}: a call's id is wrong`;
      if (!/^[\w-]{1,64}$/.test(String(call.name))) return `${name}: a call's name is wrong`;
      ids.add(call.id);
    }
    const asked = turns[at - 1]?.calls ?? [];
    if (asked.map(({ id }) => id).join() !== results.join()) return `${name}: each call must have its result`;
  }
  return turns.at(-1)?.role === 'user' ? undefined : 'the last message must be of the user';
}

/** The names of tools that are described as `isTool` asks for; or what is wrong. */
export function toolsRefusal(tools: unknown, isTool: (tool: Record<string, unknown>) => boolean): string | undefined {
  if (tools === undefined) return undefined;
  if (!Array.isArray(tools) || tools.length === 0) return 'tools: at least one tool is required';
  const wrong = tools.findIndex(tool => typeof tool !== 'object' || tool === null || !isTool(tool));
  return wrong < 0 ? undefined : `tools.${wrong}: not a tool`;
}

export const isSchema = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'object';

/** Whether an object has these fields and no other. */
export const has = (value: object, ...fields: string[]): boolean =>
  Object.keys(value).toSorted().join() === fields.toSorted().join();

/** A text in pieces of seven characters, as vendors send the input of a call. */
export const inPieces = (text: string): string[] => text.match(/[\s\S]{1,7}/g) ?? [''];

/** The first field that is missing, unknown or of the wrong kind. */
export function fieldsRefusal(
  body: FakeRequest['body'],
  fields: Record<string, (value: unknown) => boolean>,
  optional: readonly string[] = [],
): string | undefined {
  if (typeof body !== 'object' || body === null) return 'the body is not JSON';
  const unknown = Object.keys(body).find(name => !fields[name] && !optional.includes(name));
  if (unknown) return `${unknown}: unknown parameter`;
  const wrong = Object.entries(fields).find(([name, isRight]) => !isRight(body[name]));
  return wrong && `${wrong[0]}: missing or not valid`;
}

export const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
export const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
