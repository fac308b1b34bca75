import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer } from './server.ts';

describe('the server', () => {
  const server = createHttpServer(
    (request, response) => {
      // Longer than anybody may take to ask.
      const end = () => setTimeout(() => response.end('done'), request.url === '/slow' ? 500 : 0);
      request.on('error', () => {}).on('end', end);
      request.resume();
    },
    { headersMs: 150, requestMs: 300, everyMs: 30 },
  );
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Sends this and leaves the connection open: what comes back until the server hangs up. */
  function sent(...pieces: string[]): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    for (const piece of pieces) socket.write(piece);
    return text(socket);
  }

  it.each([
    ['nothing', []],
    ['a head without an end', ['GET / HTTP/1.1\r\nHost: a.example\r\nX-Slow: ']],
    ['a body without an end', ['POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\nhello']],
    [
      'pieces without an end',
      ['POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ],
  ])('hangs up on who sends %s', async (_, pieces) => {
    expect(await sent(...pieces)).toMatch(/^(HTTP\/1\.1 408 Request Timeout|$)/);
  });

  it('lets an answer take longer than a question may', async () => {
    const { port } = server.address() as AddressInfo;
    expect(await (await fetch(`http://127.0.0.1:${port}/slow`)).text()).toBe('done');
  });

  it.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    [
      'a length and pieces',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    ],
    ['pieces within pieces', 'Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
    ['pieces under a name that is none', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a line that begins with a space', 'X-One: 1\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a length in hexadecimal', 'Content-Length: 0x5\r\n\r\nhello'],
  ])('reads no request two ways, as with %s', async (_, rest) => {
    const answer = await sent(`POST / HTTP/1.1\r\nHost: a.example\r\n${rest}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('refuses a request without a host, and a head of more than 16 KB', async () => {
    expect(await sent('GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await sent(`GET / HTTP/1.1\r\nHost: a.example\r\nX-Long: ${'x'.repeat(17_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });
});
