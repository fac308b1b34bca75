/** One event of a `text/event-stream`. */
export type SseEvent = { type: string; data: string };

/** No vendor's event is as long as this, in characters: behind it there is no end to wait for. */
const EVENT_MAX = 4_000_000;

const isBreak = /[\r\n]/;

/**
 * Reads a `text/event-stream` that comes in pieces, cut anywhere (WHATWG HTML, section 9.2), and gives the events that
 * each piece completes. Ids and retry times are not told. Throws for an event that does not end.
 */
export function sseParser(): (piece: string) => SseEvent[] {
  let isFirst = true;
  let skipsLineFeed = false;
  let line = '';
  let type = '';
  let data: string | undefined;

  return piece => {
    const events: SseEvent[] = [];
    let from = 0;
    if (isFirst && piece !== '') {
      isFirst = false;
      if (piece[0] === '\ufeff') from = 1;
    }
    // A CR at the end of the piece before ended its line; an LF behind it belongs to it.
    if (skipsLineFeed && piece[from] === '\n') from += 1;
    if (piece !== '') skipsLineFeed = false;
    const hasReturns = piece.includes('\r');
    for (;;) {
      const at = hasReturns ? nextBreak(piece, from) : piece.indexOf('\n', from);
      if (at < 0) break;
      // Most lines are whole in their piece; only what is cut is put together.
      const whole = line === '' ? piece.slice(from, at) : line + piece.slice(from, at);
      line = '';
      from = at + 1;
      if (hasReturns && piece[at] === '\r') {
        if (piece[from] === '\n') from += 1;
        else if (from === piece.length) skipsLineFeed = true;
      }
      read(whole, events);
    }
    if (from < piece.length) line += piece.slice(from);
    if (line.length + (data?.length ?? 0) > EVENT_MAX) throw new Error('An event of a stream does not end.');
    return events;
  };

  function read(whole: string, events: SseEvent[]): void {
    if (whole === '') {
      if (data !== undefined) events.push({ type: type || 'message', data });
      type = '';
      data = undefined;
      return;
    }
    const colon = whole.indexOf(':');
    const field = colon < 0 ? whole : whole.slice(0, colon);
    const value = colon < 0 ? '' : whole.slice(whole[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
    else if (field === 'event') type = value;
  }
}

function nextBreak(piece: string, from: number): number {
  const at = piece.slice(from).search(isBreak);
  return at < 0 ? -1 : from + at;
}

/** Behind the mark of the end the rest of a body is read for so long, so that its connection can be used again. */
const REST_MS = 1_000;

export type SseCall = {
  /** The call that brings the stream; its signal ends it. */
  open: (signal: AbortSignal) => PromiseLike<Response>;
  signal: AbortSignal;
  /** The event behind which nothing counts, where a vendor has one. */
  isEnd?: (event: SseEvent) => boolean;
};

/** The events of a vendor's answer, those together that arrived together. Whoever stops reading hangs up. */
export async function* sseEvents({ open, signal, isEnd = () => false }: SseCall): AsyncGenerator<SseEvent[]> {
  // Of our own: nothing may stay behind that listens to the visitor's.
  const closing = new AbortController();
  const close = () => closing.abort();
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const { body } = await open(closing.signal);
    if (!body) return;
    const reader = body.getReader();
    const decoder = new TextDecoder();
    const parse = sseParser();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = parse(decoder.decode(value, { stream: true }));
      const end = events.findIndex(isEnd);
      if (events.length > 0) yield end < 0 ? events : events.slice(0, end);
      if (end >= 0) return await rest(reader);
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

async function rest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const tooLong = setTimeout(() => void reader.cancel().catch(() => {}), REST_MS);
  try {
    while (!(await reader.read()).done);
  } finally {
    clearTimeout(tooLong);
  }
}
