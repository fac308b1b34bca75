import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

/** What the receiver does with a message: `take` checks the signature first, `cut` hangs up, `drip` never comes to an end. */
export type Reaction =
  | 'take'
  | 'hang'
  | 'cut'
  | 'drip'
  | { status: number; headers?: Record<string, string>; body?: string };

export type ReceivedMessage = {
  path: string;
  headers: IncomingHttpHeaders;
  id: string;
  raw: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like
  body: any;
  /** Which of the secrets it trusts have signed this very message within the last five minutes. */
  signedBy: string[];
};

export type WebhookReceiver = Awaited<ReturnType<typeof startWebhookReceiver>>;

/** Somebody's server that is told of events: it checks every message by the `standardwebhooks` package, and nothing of ours. */
export async function startWebhookReceiver() {
  const calls: ReceivedMessage[] = [];
  const secrets: string[] = [];
  let react: (message: ReceivedMessage, nth: number) => Reaction = () => 'take';
  const server = createServer(async (incoming, response) => {
    const raw = (await buffer(incoming)).toString('utf8');
    const { url: path = '', headers } = incoming;
    const signedBy = secrets.filter(secret => verifies(secret, raw, headers));
    const message = { path, headers, id: String(headers['webhook-id']), raw, body: parsed(raw), signedBy };
    calls.push(message);
    answer(response, react(message, calls.length), signedBy.length > 0);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    calls,
    /** The messages of one type. */
    told: (type: string) => calls.filter(({ body }) => body?.type === type),
    /** As its operator enters it. */
    trust: (secret: string) => void secrets.push(secret),
    /** From now on, for every message or for each by itself. */
    react(how: Reaction | typeof react): void {
      react = typeof how === 'function' ? how : () => how;
    },
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, reaction: Reaction, isSigned: boolean): void {
  if (reaction === 'hang') return;
  if (reaction === 'cut') return void response.socket?.destroy();
  if (reaction === 'drip') {
    response.writeHead(500).write('one moment');
    const timer = setInterval(() => response.write('.'), 200);
    return void response.on('close', () => clearInterval(timer));
  }
  if (reaction === 'take') return void response.writeHead(isSigned ? 204 : 401).end();
  response.writeHead(reaction.status, reaction.headers).end(reaction.body);
}

function verifies(secret: string, raw: string, headers: IncomingHttpHeaders): boolean {
  try {
    new Webhook(secret).verify(raw, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
