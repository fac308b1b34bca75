import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';

/** The contract promises a line every 15 s at least. */
const HEARTBEAT_MS = 10_000;

/** A signal that aborts when the reader of this response goes away before it has ended. */
export function readerGone(ctx: Context): AbortSignal {
  const controller = new AbortController();
  ctx.res.once('close', () => {
    if (!ctx.res.writableFinished) controller.abort();
  });
  return controller.signal;
}

/**
 * Sends events as a `text/event-stream` (WHATWG HTML, section 9.2) with a comment line in every silence.
 * A reader who leaves ends it quietly; the source must notice `signal` by itself and is always read to its end.
 * `onSent` hears of each event that was written.
 */
export async function sendEvents<Event extends { event: string; data: unknown }>(
  ctx: Context,
  events: AsyncIterable<Event>,
  signal: AbortSignal,
  onSent?: (event: Event) => void,
): Promise<void> {
  // We write to the socket ourselves: Koa would report a reader who leaves as two errors.
  ctx.respond = false;
  const { res } = ctx;
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // nginx would otherwise hold the answer back until it is whole.
    'X-Accel-Buffering': 'no',
  });
  res.flushHeaders();
  const streamEnds = ctx.state.streamBegins?.();
  const heartbeat = setInterval(() => res.write(': still here\n\n'), HEARTBEAT_MS);
  try {
    for await (const each of events) {
      if (signal.aborted) continue;
      heartbeat.refresh();
      const room = res.write(`event: ${each.event}\ndata: ${JSON.stringify(each.data)}\n\n`);
      onSent?.(each);
      if (!room) await drained(res, signal);
    }
  } finally {
    clearInterval(heartbeat);
    streamEnds?.();
    res.end();
    // A relay that stops waits for this: a slow reader gets the last event too.
    if (!signal.aborted && !res.writableFinished) await Promise.race([once(res, 'finish'), once(res, 'close')]);
  }
}

async function drained(res: ServerResponse, signal: AbortSignal): Promise<void> {
  await once(res, 'drain', { signal }).catch(() => {});
}
