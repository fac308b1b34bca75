import { describe, expect, it } from 'vitest';
import { createBreaker } from '../../lib/breaker.ts';
import { ProviderError } from '../../providers/llm/llm.ts';
import type { Site } from '../sites/index.ts';
import { createMeaning } from './meaning.ts';
import type { Vectors } from './vectors.ts';

const place = { documentId: 'wool', ordinal: 0, score: 0.9, similarity: 0.9 };

/** Two sites that share the relay's access; the embeddings fail for the first one's questions. */
function shared(fault: ProviderError) {
  const faults: string[] = [];
  const { nearest } = createMeaning({
    vectors: { nearest: async () => [place] } as unknown as Vectors,
    breaker: createBreaker({ now: () => 0 }),
    onFault: (site, { fault }) => faults.push(`${site.id} ${fault}`),
    embedderOf: site => ({
      space: 'model',
      key: 'the relay’s',
      embeddings: {
        provider: 'openai',
        model: 'model',
        async embed() {
          if (site.id === 'first') throw fault;
          return { vectors: [new Float32Array(512)], inputTokens: 1 };
        },
      },
    }),
  });
  return { faults, ask: (id: string) => nearest({ id } as Site, 'Which wool?', 10) };
}

describe('meaning', () => {
  it.each([
    ['that has no money left', new ProviderError('openai', 'over_budget')],
    ['whose questions the vendor refuses', new ProviderError('openai', 'refused', { status: 400 })],
  ])('of a site %s keeps no other one from the access that both use', async (_, fault) => {
    const { ask, faults } = shared(fault);
    for (let times = 0; times < 5; times += 1) expect(await ask('first')).toEqual([]);
    expect(await ask('second')).toEqual([place]);
    expect(faults).toEqual(Array(5).fill(`first ${fault.fault}`));
  });

  it('leaves out a vendor that is down', async () => {
    const { ask, faults } = shared(new ProviderError('openai', 'server_error', { status: 503 }));
    for (let times = 0; times < 5; times += 1) expect(await ask('first')).toEqual([]);
    expect(await ask('second')).toEqual([]);
    expect(faults).toHaveLength(3);
  });
});
