/** One message of an event stream: its `event:` and its joined `data:` lines. */
export interface StreamEvent {
  event: string;
  data: string;
}

/**
 * Reads server-sent events off a response's body, whatever the network did to the boundaries: a chunk may end inside a
 * letter, between CR and LF, or anywhere in a line. A message without its closing empty line is dropped, as the standard
 * says. The id and retry fields are of no use here, since a turn is never reconnected by itself.
 */
export async function* readEventStream(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let endedInCr = false;
  let event = 'message';
  let data: string[] = [];
  for await (const chunk of body) {
    let text = decoder.decode(chunk, { stream: true });
    if (text === '') continue;
    if (endedInCr && text.startsWith('\n')) text = text.slice(1); // the second half of a CRLF
    endedInCr = text.endsWith('\r');
    const lines = (rest + text).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event, data: data.join('\n') };
        event = 'message';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === 'event') event = value;
      if (name === 'data') data.push(value);
    }
  }
}
