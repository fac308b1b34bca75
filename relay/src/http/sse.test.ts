import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import Koa from 'koa';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readerGone, sendEvents } from './sse.ts';

type Event = { event: string; data: unknown };

describe('an event stream', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    vi.useRealTimers();
    for (const close of closing.splice(0)) close();
  });

  /** A server that sends these events; its errors are kept. */
  async function serve(events: (signal: AbortSignal) => AsyncIterable<Event>) {
    const app = new Koa();
    const errors: unknown[] = [];
    const ended = Promise.withResolvers<void>();
    app.on('error', error => errors.push(error));
    app.use(async ctx => {
      const signal = readerGone(ctx);
      await sendEvents(ctx, events(signal), signal).finally(ended.resolve);
    });
    const server = app.listen(0, '127.0.0.1');
    closing.push(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, port, errors, ended: ended.promise };
  }

  it('sends each event as one block, lines of a text included', async () => {
    const { url, errors } = await serve(async function* () {
      yield { event: 'delta', data: { text: 'one\n\ntwo: "three"\r' } };
      yield { event: 'completed', data: {} };
    });
    const response = await fetch(url);
    expect(response.headers.get('Content-Type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(await response.text()).toBe(
      'event: delta\ndata: {"text":"one\\n\\ntwo: \\"three\\"\\r"}\n\nevent: completed\ndata: {}\n\n',
    );
    expect(errors).toEqual([]);
  });

  it('breaks every silence of 15 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const gate = Promise.withResolvers<void>();
    const { url } = await serve(async function* () {
      yield { event: 'delta', data: 1 };
      await gate.promise;
    });
    const reader = (await fetch(url)).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('event: delta');
    vi.advanceTimersByTime(15_000);
    expect((await reader?.read())?.value).toMatch(/^: .*\n\n$/);
    gate.resolve();
    expect((await reader?.read())?.done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells its source when the reader leaves, reads it to its end, and reports nothing', async () => {
    let wasTold = false;
    let wasRead = false;
    const { url, errors, ended } = await serve(async function* (signal) {
      yield { event: 'delta', data: 1 };
      if (!signal.aborted) await once(signal, 'abort');
      wasTold = true;
      yield { event: 'delta', data: 2 };
      wasRead = true;
    });
    const leaving = new AbortController();
    const response = await fetch(url, { signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
    await ended;
    expect([wasTold, wasRead, errors]).toEqual([true, true, []]);
  });

  it('waits for a slow reader instead of keeping it all in memory', async () => {
    let sent = 0;
    const { port, ended } = await serve(async function* () {
      for (; sent < 2_000; sent += 1) yield { event: 'delta', data: 'x'.repeat(100_000) };
    });
    const socket = connect(port, '127.0.0.1').pause();
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    // The source stands still when no more fits between the two.
    let before = -1;
    await vi.waitFor(
      () => {
        const still = sent > 0 && sent === before;
        before = sent;
        expect(still).toBe(true);
      },
      { interval: 100, timeout: 5_000 },
    );
    expect(sent).toBeLessThan(1_000);
    socket.destroy();
    await ended;
  });
});
