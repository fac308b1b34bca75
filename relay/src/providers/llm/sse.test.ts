import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { type SseEvent, sseEvents, sseParser } from './sse.ts';

type Vector = { name: string; base64: string; expect: { type: string; data: string }[] };
const vectors: Vector[] | undefined = sharedData('own/protocol/sse_vectors.json')?.vectors;

function readIn(pieces: Uint8Array[]): SseEvent[] {
  const parse = sseParser();
  const decoder = new TextDecoder();
  return pieces.flatMap(piece => parse(decoder.decode(piece, { stream: true })));
}

describe('a stream of events', () => {
  it.runIf(vectors).each(vectors ?? [])(
    'is read as the standard says, cut anywhere: $name',
    ({ base64, expect: all }) => {
      const bytes = Buffer.from(base64, 'base64');
      const wanted = all.map(({ type, data }) => ({ type, data }));
      expect(readIn([bytes])).toEqual(wanted);
      for (let at = 0; at <= bytes.length; at += 1) {
        expect(readIn([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(wanted);
      }
      expect(readIn(Array.from(bytes, byte => Uint8Array.of(byte)))).toEqual(wanted);
    },
  );

  it('is left where one event has no end, in many lines as in one', () => {
    const parse = sseParser();
    expect(() => {
      for (let at = 0; at < 5_000; at += 1) parse(`data: ${'x'.repeat(1_000)}\n`);
    }).toThrow('does not end');
  });

  it('takes no longer for each piece of a long line', () => {
    const parse = sseParser();
    const begun = process.cpuUsage();
    for (let at = 0; at < 300_000; at += 1) parse('data: 1234');
    expect(process.cpuUsage(begun).user).toBeLessThan(1_000_000);
  });

  it('ends behind its mark, whatever comes then', async () => {
    const body = 'data: 1\n\ndata: [DONE]\n\ndata: 2\n\n';
    const events: SseEvent[] = [];
    const { signal } = new AbortController();
    const call = { signal, isEnd: ({ data }: SseEvent) => data === '[DONE]', open: async () => new Response(body) };
    for await (const some of sseEvents(call)) events.push(...some);
    expect(events).toEqual([{ type: 'message', data: '1' }]);
  });
});
