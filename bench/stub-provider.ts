import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from './child.ts';
import { nowUs } from './clock.ts';
import { type Speech, speeches } from './stub-events.ts';
import { tokenMark } from './token-mark.ts';

/** How every answer from now on is given: milliseconds to its first token, tokens per second, and how many. */
export type Pace = { firstMs: number; perSecond: number; tokens: number };

let pace: Pace = { firstMs: 200, perSecond: 20, tokens: 100 };

const server = createServer((request, response) => {
  const arrivedUs = nowUs();
  const speech = speeches[request.url ?? ''];
  if (!speech) return void response.writeHead(404).end();
  request.resume().once('end', () => answer(response, speech, arrivedUs, pace));
});

/** Each token has its due time, counted from the request's arrival, so that a late one delays no other. */
function answer(response: ServerResponse, speech: Speech, arrivedUs: number, { firstMs, perSecond, tokens }: Pace) {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.write(speech.begin);
  let text = '';
  let sent = 0;
  const wait = () => {
    const dueUs = arrivedUs + firstMs * 1_000 + (sent * 1_000_000) / perSecond;
    timer = setTimeout(say, Math.max(1, (dueUs - nowUs()) / 1_000));
  };
  const say = () => {
    const sentUs = nowUs();
    const token = tokenMark(sentUs, sent === 0 ? sentUs - arrivedUs : undefined);
    text += token;
    response.write(speech.token(token, sent));
    sent += 1;
    if (sent < tokens) wait();
    else response.end(speech.end(text, tokens));
  };
  let timer: NodeJS.Timeout;
  wait();
  response.once('close', () => clearTimeout(timer));
}

server.listen(0, '127.0.0.1');
await once(server, 'listening');
serveParent((server.address() as AddressInfo).port, (next: Pace) => {
  pace = next;
});
