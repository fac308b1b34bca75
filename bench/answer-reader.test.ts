import { expect, it } from 'vitest';
import { answerReader } from './answer-reader.ts';
import { speeches } from './stub-events.ts';
import { tokenMark } from './token-mark.ts';

const chunked = (events: string[]) =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${events
    .map(event => `${event.length.toString(16)}\r\n${event}\r\n`)
    .join('')}0\r\n\r\n`;

const marks = [tokenMark(1_000, 200), tokenMark(2_000), tokenMark(3_000)];
const heard = [[1_000, 200], [2_000, undefined], [3_000, undefined], 'completed'];

const spoken = (path: string) => {
  const speech = speeches[path];
  if (!speech) throw new Error(path);
  return chunked([speech.begin, ...marks.map(speech.token), speech.end(marks.join(''), marks.length)]);
};
const relayed = chunked([
  'event: started\ndata: {"turnId":"1","provider":"openai","model":"gpt-5-mini"}\n\n',
  ...marks.map(text => `event: delta\ndata: ${JSON.stringify({ text })}\n\n`),
  `event: completed\ndata: ${JSON.stringify({ text: marks.join('') })}\n\n`,
]);

it.each([
  ['the Responses API', spoken('/v1/responses')],
  ['chat completions', spoken('/v1/chat/completions')],
  ['the relay', relayed],
])('hears each token of %s once, cut anywhere, answer after answer', (_, answer) => {
  for (let at = 0; at <= answer.length; at += 1) {
    const log: unknown[] = [];
    const read = answerReader({
      token: (sentUs, heldUs) => log.push([sentUs, heldUs]),
      ended: outcome => log.push(outcome),
      fault: what => log.push(what),
    });
    for (const part of [answer.slice(0, at), answer.slice(at), answer]) read(part);
    expect(log).toEqual([...heard, ...heard]);
  }
});

it('tells an answer without its end, and a refusal', () => {
  const log: unknown[] = [];
  const hear = {
    token: () => {},
    ended: (outcome: string) => log.push(outcome),
    fault: (what: string) => log.push(what),
  };
  answerReader(hear)(chunked(['event: failed\ndata: {"code":"provider_failed"}\n\n']));
  answerReader(hear)('HTTP/1.1 403 Forbidden\r\n\r\n{"code":"consent_required"}');
  expect(log).toEqual(['broken', expect.stringMatching(/^HTTP 403 .*consent_required/s)]);
});
