import type { AnswerOutcome, Citation, FinishReason, KeptPassage, ProductCard } from '@confab/contract';
import type { ChatMessage } from '../../providers/llm/llm.ts';
import type { Used } from '../usage/index.ts';

/** How an answer ended, and all there is of it. */
export type FinishedAnswer = {
  text: string;
  citations: Citation[];
  products: ProductCard[];
  status: 'completed' | 'interrupted' | 'failed';
  finishReason: FinishReason | null;
  provider: string | null;
  model: string | null;
  /** Null where there is none to tell: small talk, or an answer that did not end well. */
  outcome: AnswerOutcome | null;
  /** What the cited documents said. */
  passages: KeptPassage[];
  /** In millionths of a US dollar. */
  costMicros: number;
};

/** What has been said so far, and a way to end this turn's answer. A turn knows no more of consent than this. */
export interface Transcript {
  /** The handle that the visitor's browser shall remember, when this turn began a stored conversation. */
  readonly begunHandle?: string;
  /** What was said before this turn, oldest first. */
  read(): Promise<ChatMessage[]>;
  /** Keeps the answer where it is to be kept, and counts it. Gives the seal that a carried thread needs. */
  finish(answer: FinishedAnswer, used: Used | undefined): Promise<string | undefined>;
}
