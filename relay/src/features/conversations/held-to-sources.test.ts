import { describe, expect, it } from 'vitest';
import type { LlmPart } from '../../providers/llm/llm.ts';
import { heldToSources } from './held-to-sources.ts';

describe('an answer that must rest on a source', () => {
  const told = async (texts: string[]) => {
    let isClosed = false;
    let read = 0;
    async function* parts(): AsyncGenerator<LlmPart> {
      try {
        for (const text of texts) {
          read += 1;
          yield { type: 'text', text };
        }
        yield { type: 'finished', reason: 'length' };
      } finally {
        isClosed = true;
      }
    }
    const rules = { rests: async (text: string) => text.includes('[1]'), otherwise: () => 'Nothing.' };
    const all = await Array.fromAsync(heldToSources(parts(), rules));
    return { all, isClosed, read };
  };

  it('is told whole once it names one, and goes on as it comes', async () => {
    const { all } = await told(['It is ', 'wool [1]', ', from here.']);
    expect(all).toEqual([
      { type: 'text', text: 'It is wool [1]' },
      { type: 'text', text: ', from here.' },
      { type: 'finished', reason: 'length' },
    ]);
  });

  it('is not told where it names none', async () => {
    const { all } = await told(['Canberra', ' is the capital.']);
    expect(all).toEqual([
      { type: 'text', text: 'Nothing.' },
      { type: 'finished', reason: 'length' },
    ]);
  });

  it('is given up, with its provider, where it is long and has named none yet', async () => {
    const { all, isClosed, read } = await told(Array(1_000).fill('a word '));
    expect(all).toEqual([
      { type: 'text', text: 'Nothing.' },
      { type: 'finished', reason: 'stop' },
    ]);
    expect(isClosed).toBe(true);
    expect(read).toBeLessThan(100);
  });
});
