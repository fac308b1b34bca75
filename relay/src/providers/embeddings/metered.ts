import { ProviderError } from '../llm/llm.ts';
import type { Budget } from '../llm/metered.ts';
import type { Price } from '../llm/prices.ts';
import { tokensOf } from '../llm/tokens.ts';
import type { Embeddings } from './embeddings.ts';

/**
 * The embeddings, each of whose calls is paid for: the most it may cost is set aside before it, and what it did cost is
 * settled after it. Throws `ProviderError` `over_budget` where it cannot be paid for. A call that the vendor refused costs
 * nothing; one of which nobody knows how it ended costs what was set aside.
 */
export function meteredEmbeddings(embeddings: Embeddings, price: Price, budgetOf: () => Budget): Embeddings {
  return {
    provider: embeddings.provider,
    model: embeddings.model,
    async embed(texts, signal) {
      const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
      const most = Math.ceil(tokens * price.input);
      const reserved = await budgetOf().reserve(most);
      if (!reserved) throw new ProviderError(embeddings.provider, 'over_budget');
      let cost = most;
      try {
        const embedded = await embeddings.embed(texts, signal);
        // Servers that imitate a vendor may count nothing.
        if (embedded.inputTokens > 0) cost = Math.ceil(embedded.inputTokens * price.input);
        return embedded;
      } catch (error) {
        if (error instanceof ProviderError && error.status !== undefined) cost = 0;
        throw error;
      } finally {
        await reserved.settle(cost);
      }
    },
  };
}
