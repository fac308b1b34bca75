import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a relay in trouble answers to everything; `gone` hangs up without a word. */
export type Trouble = 'gone' | { status: number; type?: string; body: string; headers?: Record<string, string> };

/** The relay's own form of an error. */
export const problem = (status: number, code: string, headers: Record<string, string> = {}): Trouble => ({
  status,
  type: 'application/problem+json',
  body: JSON.stringify({
    type: `https://confab.example/problems/${code}`,
    title: code,
    status,
    code,
    detail: `About ${code}.`,
  }),
  headers,
});

/** Stands before the real relay: passes everything on, or answers in its place as it is told. */
export async function startBadRelay(target: string) {
  let trouble: Trouble | undefined;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (trouble === undefined) pass(target, request, response);
    else if (trouble === 'gone') request.socket.destroy();
    else {
      response.writeHead(trouble.status, { 'Content-Type': trouble.type ?? 'text/html', ...trouble.headers });
      response.end(trouble.body);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Gets into trouble, or out of it. */
    be(next: Trouble | undefined): void {
      trouble = next;
    },
    /** How many requests have come so far. */
    requests: () => requests,
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function pass(target: string, request: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = new URL(target);
  const { method, url, headers } = request;
  const upstream = forward({ hostname, port, method, path: url, headers }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
}
