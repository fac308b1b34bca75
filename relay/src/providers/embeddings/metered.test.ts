import { describe, expect, it } from 'vitest';
import { ProviderError } from '../llm/llm.ts';
import { DIMENSIONS, type Embedded } from './embeddings.ts';
import { meteredEmbeddings } from './metered.ts';

const price = { input: 2, cached: 2, output: 0 };
const { signal } = new AbortController();

/** Embeddings that end as given, and a budget that keeps a list of what is asked of it. */
function paid({ limit = 1_000, end }: { limit?: number; end: () => Promise<Embedded> }) {
  const asked: string[] = [];
  const budget = {
    async reserve(micros: number) {
      asked.push(`reserve ${micros}`);
      if (micros > limit) return undefined;
      return {
        async settle(cost: number) {
          asked.push(`settle ${cost}`);
        },
      };
    },
    isExhausted: false,
    total: async () => 0,
  };
  const embed = () => {
    asked.push('call');
    return end();
  };
  const vendor = { provider: 'openai', model: 'small', embed };
  return { asked, embeddings: meteredEmbeddings(vendor, price, () => budget) };
}

const embedded = (inputTokens: number) => async () => ({ vectors: [new Float32Array(DIMENSIONS)], inputTokens });
const failed = (error: Error) => async () => Promise.reject(error);

describe('embeddings that are paid for', () => {
  it('set aside the most that a call may cost, and settle what it did', async () => {
    const { asked, embeddings } = paid({ end: embedded(3) });
    expect((await embeddings.embed(['four word', 'long'], signal)).vectors).toHaveLength(1);
    expect(asked).toEqual(['reserve 14', 'call', 'settle 6']);
  });

  it('cost what was set aside where the vendor counts nothing', async () => {
    const { asked, embeddings } = paid({ end: embedded(0) });
    await embeddings.embed(['long'], signal);
    expect(asked.at(-1)).toBe('settle 4');
  });

  it('are not asked for where the money does not suffice', async () => {
    const { asked, embeddings } = paid({ limit: 1, end: embedded(3) });
    await expect(embeddings.embed(['long'], signal)).rejects.toMatchObject({ fault: 'over_budget' });
    expect(asked).toEqual(['reserve 4']);
  });

  it('cost nothing where the vendor refused, and all where nobody knows', async () => {
    const refused = paid({ end: failed(new ProviderError('openai', 'server_error', { status: 500 })) });
    await expect(refused.embeddings.embed(['long'], signal)).rejects.toThrow('server_error');
    expect(refused.asked.at(-1)).toBe('settle 0');
    const lost = paid({ end: failed(new ProviderError('openai', 'timed_out')) });
    await expect(lost.embeddings.embed(['long'], signal)).rejects.toThrow('timed_out');
    expect(lost.asked.at(-1)).toBe('settle 4');
  });
});
