import type { FinishReason } from '@confab/contract';
import { OwnError } from '../../lib/app-error.ts';

/** One message of a thread, as a model sees it. */
export type ChatMessage = { role: 'visitor' | 'assistant'; text: string };

/** One passage of the site's knowledge; `index` is the number under which an answer cites its document, as `[1]`. */
export type Passage = { index: number; title: string; url: string; text: string; facts?: Facts };

/**
 * What is told of a product as marks, such as `{{price 1}}`: what an answer says in their place is filled in behind the
 * provider, so that none can write a price of its own. They stand with the first passage of their document.
 */
export type Facts = { price: string; availability: string; variants?: VariantFacts[]; furtherVariants?: number };
export type VariantFacts = { title: string; price: string; availability: string };

/** Everything a provider needs for one answer. */
export type LlmRequest = {
  /** What the relay and the site's owner ask of the model; holds nothing that a visitor or a page wrote. */
  instructions: string;
  /** The thread, passages included as marked data; ends with the visitor's question. For language models. */
  messages: ChatMessage[];
  /** The visitor's question, alone. */
  question: string;
  /** The visitor's language, as a tag such as `de-AT`. For providers that have words of their own. */
  locale: string;
  /** What the knowledge holds on the question, best first. For providers that quote instead of writing. */
  passages: Passage[];
  /** Whether the passages hold enough to answer. */
  answerable: boolean;
  maxTokens: number;
  /** When it aborts, the stream ends quietly, without an error, and the vendor's connection is closed. */
  signal: AbortSignal;
};

export type LlmPart = { type: 'text'; text: string } | { type: 'finished'; reason: FinishReason };

/** A language model, reduced to what a turn needs: pieces of text in order, then why it ended. */
export interface Llm {
  readonly provider: string;
  readonly model: string;
  /** Yields non-empty texts, then one `finished`, unless aborted. Throws nothing but `ProviderError`. */
  stream(request: LlmRequest): AsyncIterable<LlmPart>;
}

/** What went wrong with a provider, in words for the log: never the vendor's message, which may repeat what we sent. */
export type ProviderFault =
  | 'refused'
  | 'rate_limited'
  | 'server_error'
  | 'unreachable'
  | 'malformed'
  | 'timed_out'
  | 'empty'
  | 'filtered';

/** A provider did not answer, or stopped half-way. Its message may be logged; its cause may not. */
export class ProviderError extends OwnError {
  readonly provider: string;
  readonly fault: ProviderFault;
  readonly status: number | undefined;
  /** How long the vendor asked us to wait, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(
    provider: string,
    fault: ProviderFault,
    detail: { status?: number | undefined; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(`${provider}: ${fault}${detail.status === undefined ? '' : ` (HTTP ${detail.status})`}`, {
      cause: detail.cause,
    });
    this.name = 'ProviderError';
    this.provider = provider;
    this.fault = fault;
    this.status = detail.status;
    this.retryAfterMs = detail.retryAfterMs;
  }
}
