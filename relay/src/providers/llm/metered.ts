import { type Model, type ModelPart, ProviderError, type TokenUsage } from './llm.ts';
import type { Price } from './prices.ts';
import { tokensOf, tokensOfCall, tokensOfRequest } from './tokens.ts';

/** What pays for the calls of one answer. Amounts are in millionths of a US dollar. */
export interface Budget {
  /**
   * Sets the most that a call may cost aside, so that calls at once cannot overrun a limit. Gives nothing where the money
   * does not suffice. Settle what it gives exactly once, with what the call did cost; what is never settled stays spent.
   */
  reserve(micros: number): Promise<{ settle(micros: number): Promise<void> } | undefined>;
  /** Whether a limit has refused a call of this answer. */
  readonly isExhausted: boolean;
  /** What the answer has cost, once the calls that have ended are settled. */
  total(): Promise<number>;
}

/**
 * The model, each of whose calls is paid for: the most it may cost is set aside before it, and what it did cost is
 * settled when it ends, however that is. Throws `ProviderError` `over_budget` where it cannot be paid for,
 * and `unpayable` where nobody could say whether it can.
 *
 * The cost is what the vendor says was used. Where it does not say, as in an answer that broke off, it is what was sent and
 * what came back. A call that the vendor refused, or that never reached it, costs nothing.
 */
export function metered(model: Model, price: Price, budget: Budget): Model {
  return {
    provider: model.provider,
    model: model.model,
    async *stream(request): AsyncGenerator<ModelPart> {
      const sent = tokensOfRequest(request);
      const most = Math.ceil(sent * price.input + request.maxTokens * price.output);
      const reserved = await budget.reserve(most).catch(cause => {
        throw new ProviderError(model.provider, 'unpayable', { cause });
      });
      if (!reserved) throw new ProviderError(model.provider, 'over_budget');

      let cost = request.signal.aborted ? 0 : sent * price.input;
      let isSettled = false;
      const settle = async () => {
        if (isSettled) return;
        isSettled = true;
        await reserved.settle(Math.ceil(cost));
      };
      let hasAnswered = false;
      try {
        for await (const part of model.stream(request)) {
          hasAnswered = true;
          if (part.type === 'finished') {
            if (part.usage) cost = costOf(part.usage, price);
            await settle();
          } else {
            cost += price.output * (part.type === 'text' ? tokensOf(part.text) : tokensOfCall(part.call));
          }
          yield part;
        }
      } catch (error) {
        if (!hasAnswered && isUnpaid(error)) cost = 0;
        throw error;
      } finally {
        await settle();
      }
    },
  };
}

/** More than any model reads or writes in one call. */
const TOKENS_MAX = 2_000_000;

/** Servers that imitate a vendor may tell anything. */
const count = (tokens: number | undefined): number =>
  Number.isNaN(Number(tokens)) ? 0 : Math.min(Math.max(0, Number(tokens)), TOKENS_MAX);

function costOf(usage: TokenUsage, price: Price): number {
  const cached = Math.min(count(usage.cachedInputTokens), count(usage.inputTokens));
  return (
    (count(usage.inputTokens) - cached) * price.input + cached * price.cached + count(usage.outputTokens) * price.output
  );
}

/** Whether a call that failed before its first word costs nothing: it was refused, or there was nobody to refuse it. */
const isUnpaid = (error: unknown): boolean =>
  error instanceof ProviderError && (error.status !== undefined || (error.fault === 'unreachable' && !wasLost(error)));

/** Whether there was a connection, so that the vendor may have read the question, and charges for it. */
function wasLost({ cause }: Error): boolean {
  const codes = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];
  if (!(cause instanceof Error)) return false;
  return codes.includes(String((cause as { code?: unknown }).code)) || wasLost(cause);
}
