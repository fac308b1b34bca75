import type { FinishReason } from '@confab/contract';
import { OwnError } from '../../lib/app-error.ts';

/** One message of a thread, as a model sees it. */
export type ChatMessage = { role: 'visitor' | 'assistant'; text: string };

/** A model's wish to have a tool run; `input` is whatever it wrote, so `run` checks it. */
export type ToolCall = { id: string; name: string; input: unknown };

/** What was called in a round of tools, with the text that goes back to the model for each call. */
export type ToolRound = { text: string; calls: (ToolCall & { result: string })[] };

/** Something that a model may call while it answers. `parameters` is a JSON Schema of an object. */
export type Tool = {
  name: string;
  description: string;
  parameters: object;
  /** Never throws for a bad input: what is wrong goes back to the model as text. */
  run: (input: unknown, signal: AbortSignal) => Promise<string>;
};

/** What a call used, as the vendor counts it. Cached input is part of `inputTokens`. */
export type TokenUsage = { inputTokens: number; outputTokens: number; cachedInputTokens?: number };

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
  /** Where they do not: whether they may be about what is meant, so that the visitor is asked. */
  askBack?: boolean;
  maxTokens: number;
  /** What the model may call. The extractive provider calls nothing. */
  tools?: readonly Tool[];
  /** The rounds of tools of this answer so far; adapters put them behind `messages`. */
  rounds?: readonly ToolRound[];
  /** When it aborts, the stream ends quietly, without an error, and the vendor's connection is closed. */
  signal: AbortSignal;
};

export type LlmPart = { type: 'text'; text: string } | { type: 'finished'; reason: FinishReason };

/**
 * What comes out while an answer is made. Between `begun` and `ended` it is our tools that take the time; then the vendor
 * is called anew.
 */
export type LlmStep = LlmPart | { type: 'tools'; state: 'begun' | 'ended' };

/** Who answers: pieces of text in order, then why it ended. `firstThatAnswers` makes of it what a turn needs. */
export interface Llm {
  readonly provider: string;
  readonly model: string;
  /** Yields non-empty texts, then one `finished`, unless aborted. Throws nothing but `ProviderError`. */
  stream(request: LlmRequest): AsyncIterable<LlmStep>;
}

/** A piece of one call of a vendor. The reason `tools`: the model waits for what it called. */
export type ModelPart =
  | { type: 'text'; text: string }
  | { type: 'call'; call: ToolCall }
  | { type: 'finished'; reason: FinishReason | 'tools'; usage?: TokenUsage };

/** One call of a vendor's language model, which may end with calls of tools; `withTools` makes an `Llm` of it. */
export interface Model {
  readonly provider: string;
  readonly model: string;
  /**
   * Yields non-empty texts and calls, then one `finished`, unless aborted. `usage` is absent where the vendor did not
   * tell. Throws nothing but `ProviderError`.
   */
  stream(request: LlmRequest): AsyncIterable<ModelPart>;
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
  | 'filtered'
  | 'over_budget'
  | 'unpayable';

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
