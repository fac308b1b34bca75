import { readTokenMarks } from './token-mark.ts';

/** What happens in a connection that is read; `fault` says why no more can be read from it. */
export type Heard = {
  token(sentUs: number, heldUs: number | undefined): void;
  /** The answer is whole, and the connection is free for the next request. */
  ended(outcome: 'completed' | 'broken'): void;
  fault(what: string): void;
};

const LAST_CHUNK = '\r\n0\r\n\r\n';

/**
 * Reads the event streams of one keep-alive connection, cut anywhere: the provider's, the pass-through's and the
 * relay's. It knows just enough of HTTP to do so, because a real client would cost the generator more than what it
 * measures: it counts on chunked bodies, one event or more in a chunk, and no events but these three kinds'.
 */
export function answerReader(heard: Heard): (text: string) => void {
  let rest = '';
  let begun = false;
  let completed = false;
  return text => {
    rest += text;
    if (!begun) {
      if (rest.length < 12) return;
      begun = true;
      if (!rest.startsWith('HTTP/1.1 200')) return heard.fault(`HTTP ${rest.slice(9, 12)} ${rest.slice(-300)}`);
    }
    let from = 0;
    for (let at = rest.indexOf('\n\n'); at !== -1; at = rest.indexOf('\n\n', from)) {
      readEvent(rest.slice(from, at));
      from = at + 2;
    }
    rest = from === 0 ? rest : rest.slice(from);
    if (!rest.endsWith(LAST_CHUNK)) return;
    const outcome = completed ? 'completed' : 'broken';
    rest = '';
    begun = completed = false;
    heard.ended(outcome);
  };

  function readEvent(event: string): void {
    // The events at the end of an answer repeat its whole text; only in those with "delta" is a token new.
    if (event.includes('delta')) {
      for (const { sentUs, heldUs } of readTokenMarks(event)) heard.token(sentUs, heldUs);
    } else if (event.includes('completed') || event.includes('[DONE]')) {
      completed = true;
    }
  }
}
