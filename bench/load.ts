import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { answerReader } from './answer-reader.ts';
import { serveParent } from './child.ts';
import { nowUs } from './clock.ts';
import { questions } from './questions.ts';

/** Whom to ask, and with what; `{uuid}`, `{token}` and `{question}` in the body are new in every request. */
export type Target = { port: number; path: string; body: string; headers?: Record<string, string> };

/** The middle and the worst of some times, in milliseconds. */
export type Times = { p50: number; p99: number; count: number };

/** What was heard between `begin` and `end`. */
export type Heard = {
  first: Times;
  later: Times;
  tokens: number;
  answers: number;
  faults: string[];
  faultCount: number;
};

export type Order =
  | { do: 'aim'; target: Target }
  /** Consent tokens, one for each stored turn to come. */
  | { do: 'supply'; tokens: string[] }
  /** Opens as many streams as are missing to this number, evenly within so many milliseconds. */
  | { do: 'hold'; streams: number; withinMs: number }
  | { do: 'begin' }
  | { do: 'end' }
  | { do: 'release' };

let target: Target;
let moreHeaders = '';
let asked = 0;
let supply: string[] = [];
let firsts: number[] = [];
let laters: number[] = [];
let answers = 0;
let faults: string[] = [];
let faultCount = 0;
let held = 0;
const sockets = new Set<Socket>();
const timers = new Set<NodeJS.Timeout>();

// Read into by every socket in turn: what is read is used up before the next one reads.
const buffer = Buffer.alloc(65_536);

/** Keeps one stream open: as an answer ends, the next question is asked on the same connection, as browsers do. */
function openStream(): void {
  let askedUs = 0;
  let tokens = 0;
  const fail = (what: string) => {
    faultCount += 1;
    if (faults.length < 5) faults.push(what);
    sockets.delete(socket);
    socket.destroy();
    after(200, openStream);
  };
  const ask = () => {
    const token = target.body.includes('{token}') ? supply.pop() : '';
    if (token === undefined) return fail('the generator has no consent token left');
    asked += 1;
    const body = target.body
      .replace('{uuid}', randomUUID())
      .replace('{token}', token)
      // A prime, so that neighbours ask about different things.
      .replace('{question}', questions[(asked * 101) % questions.length] as string);
    tokens = 0;
    askedUs = nowUs();
    socket.write(
      `POST ${target.path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nAuthorization: Bearer bench\r\n` +
        `${moreHeaders}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };
  const read = answerReader({
    token(sentUs, heldUs) {
      const us = nowUs();
      tokens += 1;
      if (heldUs === undefined) laters.push((us - sentUs) / 1_000);
      // The whole way there and back, without the time that the provider takes on purpose.
      else firsts.push((us - askedUs - heldUs) / 1_000);
    },
    ended(outcome) {
      if (outcome === 'broken' || tokens === 0) return fail(`an answer ended ${outcome} after ${tokens} tokens`);
      answers += 1;
      ask();
    },
    fault: fail,
  });
  const hear = (length: number) => {
    read(buffer.toString('latin1', 0, length));
    return true;
  };
  const onread = { buffer, callback: hear };
  const socket: Socket = connect({ host: '127.0.0.1', port: target.port, noDelay: true, onread });
  sockets.add(socket);
  socket.once('connect', ask);
  socket.on('error', error => sockets.has(socket) && fail(error.message));
  socket.on('end', () => sockets.has(socket) && fail('the connection was closed'));
}

function after(ms: number, act: () => void): void {
  const timer = setTimeout(() => {
    timers.delete(timer);
    act();
  }, ms);
  timers.add(timer);
}

function timesOf(values: number[]): Times {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), count: sorted.length };
}

function obey(order: Order): Heard | undefined {
  switch (order.do) {
    case 'aim':
      target = order.target;
      moreHeaders = Object.entries(target.headers ?? {})
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('');
      return;
    case 'supply':
      supply = order.tokens;
      return;
    case 'hold': {
      const missing = order.streams - held;
      held = order.streams;
      for (let i = 0; i < missing; i += 1) after((order.withinMs * i) / missing, openStream);
      return;
    }
    case 'begin':
      firsts = [];
      laters = [];
      answers = faultCount = 0;
      faults = [];
      return;
    case 'end': {
      const tokens = firsts.length + laters.length;
      return { first: timesOf(firsts), later: timesOf(laters), tokens, answers, faults, faultCount };
    }
    case 'release':
      held = 0;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      for (const socket of sockets) {
        sockets.delete(socket);
        socket.destroy();
      }
      return;
  }
}

serveParent(0, obey);
