import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export type Sink = Awaited<ReturnType<typeof startSink>>;

/** Where envelopes end up that are sent by a DSN. `answer` says how it takes them. */
export async function startSink({ answer = 'take' }: { answer?: 'take' | 'fail' | 'hang' } = {}) {
  const envelopes: string[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const bytes = await buffer(request);
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    // The request's own head counts too: an address and a header are places as any.
    envelopes.push(`${request.url}\n${JSON.stringify(request.headers)}\n${text}`);
    if (answer !== 'hang') response.writeHead(answer === 'take' ? 200 : 500).end('{}');
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    dsn: `http://key@127.0.0.1:${(server.address() as AddressInfo).port}/1`,
    envelopes,
    connections: () => connections,
    /** What the envelopes hold: their header, and their items. */
    parsed: () => envelopes.map(parse),
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
    },
  };
}

function parse(envelope: string) {
  const [, , header = '', ...lines] = envelope.split('\n');
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like
  const items: { header: any; payload: any }[] = [];
  for (let at = 0; at + 1 < lines.length; at += 2) {
    items.push({ header: JSON.parse(lines[at] ?? ''), payload: JSON.parse(lines[at + 1] ?? '') });
  }
  return { header: JSON.parse(header), items };
}
