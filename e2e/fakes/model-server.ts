import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a fake vendor does with one request. Left empty, it answers 'Hello there.' in two pieces. */
export type Behaviour = {
  /** An HTTP error, in the vendor's format, instead of a stream. */
  status?: number;
  headers?: Record<string, string>;
  pieces?: readonly string[];
  /** Awaited before each piece, with its number: the test's own hand on the pace. */
  before?: (piece: number) => Promise<unknown> | undefined;
  /** How it ends. `hang` waits until the client hangs up; with no pieces it hangs before the response's head. */
  ending?: 'stop' | 'length' | 'filtered' | 'error' | 'malformed' | 'cut' | 'hang' | 'no_end';
  /** A recorded or hand-written stream, instead of pieces. */
  raw?: string;
  /** Sends every event in parts of so many bytes, so that characters and events are cut. */
  chunkBytes?: number;
};

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

/** How one API of a vendor says things. All strings are whole server-sent events. */
export type Dialect = {
  /** What the vendor would refuse in this request. */
  refusal(headers: IncomingHttpHeaders, body: FakeRequest['body']): { status: number; message: string } | undefined;
  /** The body of an HTTP error. */
  problem(status: number, message: string): object;
  begin(model: string): string;
  piece(text: string): string;
  end(reason: 'stop' | 'length' | 'filtered', text: string): string;
  /** An error in the middle of a stream. */
  error(message: string): string;
};

export type FakeModelServer = { url: string; requests: FakeRequest[]; close(): Promise<void> };

/** A local vendor of language models. It checks what it is sent as the vendor does, then acts by its script. */
export async function startModelServer(
  dialects: Record<string, Dialect>,
  script: Script = {},
): Promise<FakeModelServer> {
  const requests: FakeRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming, response);
    requests.push(request);
    const dialect = dialects[request.path];
    if (!dialect) return void response.writeHead(404).end();
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
  const { pieces = ['Hello ', 'there.'], before, ending = 'stop', chunkBytes } = behaviour;
  // Vendors repeat what they were sent; so do we, for the sake of tests that nothing of it reaches a log.
  const echo = `Bad: ${request.headers.authorization ?? request.headers['x-api-key']} ${JSON.stringify(request.body)}`;
  if (behaviour.status) return problem(response, dialect, behaviour.status, echo, behaviour.headers ?? {});

  const send = (events: string) => {
    if (response.destroyed) return;
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const bytes = Buffer.from(events);
    const size = chunkBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
  };

  if (behaviour.raw !== undefined) {
    send(behaviour.raw);
    return void response.end();
  }
  if (ending === 'hang' && pieces.length === 0) return;
  send(dialect.begin(request.body.model));
  for (const [index, piece] of pieces.entries()) {
    await before?.(index);
    send(dialect.piece(piece));
  }
  switch (ending) {
    case 'hang':
      return;
    case 'cut':
      // Behind the words written so far; `destroy` at once would swallow them.
      return void response.write(': cut\n\n', () => response.socket?.destroy());
    case 'no_end':
      break;
    case 'malformed':
      send('event: message\ndata: {"type": "mess\n\n');
      break;
    case 'error':
      send(dialect.error(echo));
      break;
    default:
      send(dialect.end(ending, pieces.join('')));
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

/** The first thing wrong with a list of messages of user and assistant, in words. */
export function messagesRefusal(messages: unknown, roles: readonly string[]): string | undefined {
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: at least one message is required';
  for (const [index, message] of messages.entries()) {
    const { role, content, ...unknown } = message ?? {};
    if (!roles.includes(role)) return `messages.${index}.role: unexpected value`;
    if (typeof content !== 'string' || content.trim() === '') return `messages.${index}: text must be non-empty`;
    if (!content.isWellFormed()) return `messages.${index}: not valid Unicode`;
    if (Object.keys(unknown).length > 0) return `messages.${index}: unknown field`;
  }
  return messages.at(-1).role === 'user' ? undefined : 'the last message must be of the user';
}

/** The first field that is missing, unknown or of the wrong kind. */
export function fieldsRefusal(
  body: FakeRequest['body'],
  fields: Record<string, (value: unknown) => boolean>,
): string | undefined {
  if (typeof body !== 'object' || body === null) return 'the body is not JSON';
  const unknown = Object.keys(body).find(name => !fields[name]);
  if (unknown) return `${unknown}: unknown parameter`;
  const wrong = Object.entries(fields).find(([name, isRight]) => !isRight(body[name]));
  return wrong && `${wrong[0]}: missing or not valid`;
}

export const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
export const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
