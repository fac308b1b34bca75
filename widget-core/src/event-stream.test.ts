import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEventStream, type StreamEvent } from './event-stream.ts';

const VECTORS = '/work/shared/data/own/protocol/sse_vectors.json';

async function read(...pieces: Uint8Array[]): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readEventStream(piecesOf(pieces))) events.push(event);
  return events;
}

async function* piecesOf(pieces: Uint8Array[]) {
  yield* pieces;
}

/** The events must be the same however the network cuts the bytes: in two at every place, and into single bytes. */
async function expectAtEveryCut(bytes: Uint8Array, expected: StreamEvent[]) {
  expect(await read(bytes)).toEqual(expected);
  expect(await read(...[...bytes].map(byte => Uint8Array.of(byte)))).toEqual(expected);
  for (let at = 1; at < bytes.length; at++) {
    expect(await read(bytes.subarray(0, at), bytes.subarray(at)), `cut at ${at}`).toEqual(expected);
  }
}

describe('an event stream', () => {
  it('survives a cut at any byte, inside a letter and between CR and LF as well', async () => {
    const stream =
      ': hello\r\n\r\nevent: delta\r\ndata: {"text":"Grüße 😀"}\r\n\r\nevent: completed\r\ndata: {}\r\n\r\n';
    await expectAtEveryCut(new TextEncoder().encode(stream), [
      { event: 'delta', data: '{"text":"Grüße 😀"}' },
      { event: 'completed', data: '{}' },
    ]);
  });

  it('drops a message that the connection did not live to end', async () => {
    const events = await read(new TextEncoder().encode('data: 1\n\ndata: 2\n'));
    expect(events).toEqual([{ event: 'message', data: '1' }]);
  });

  it.skipIf(!existsSync(VECTORS))(`agrees with the vectors of ${VECTORS} at every cut`, async () => {
    const { vectors } = JSON.parse(readFileSync(VECTORS, 'utf8'));
    expect(vectors.length).toBeGreaterThan(20);
    for (const { base64, expect: expected } of vectors) {
      const events = expected.map(({ type, data }: { type: string; data: string }) => ({ event: type, data }));
      await expectAtEveryCut(Buffer.from(base64, 'base64'), events);
    }
  });
});
