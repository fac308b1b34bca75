import { z } from 'zod';
import { TEXT_MAX, THREAD_TEXT_MAX, THREAD_TURNS_MAX } from './constants.ts';
import { locale, text, uuid, webUrl } from './primitives.ts';

/** One message of a carried thread. An answer carries the seal that came with its `completed` event. */
export const threadMessage = z.strictObject({
  role: z.enum(['visitor', 'assistant']),
  text: text(THREAD_TEXT_MAX, 1),
  seal: text(200, 1).optional(),
});
export type ThreadMessage = z.infer<typeof threadMessage>;

const thread = z
  .array(threadMessage)
  .max(2 * THREAD_TURNS_MAX)
  .refine(
    messages => messages.filter(message => message.role === 'visitor').length <= THREAD_TURNS_MAX,
    `has more than ${THREAD_TURNS_MAX} turns; begin a new thread`,
  )
  .refine(
    messages => messages.reduce((length, message) => length + message.text.length, 0) <= THREAD_TEXT_MAX,
    `is longer than ${THREAD_TEXT_MAX} characters in all; begin a new thread`,
  );

/** What of a product may be shown at most. */
export const CARD_VARIANTS_MAX = 20;

/** What somebody may write in one message. */
export const messageText = text(2 * TEXT_MAX)
  .refine(value => value.trim() !== '', 'is empty')
  .refine(value => [...value].length <= TEXT_MAX, `is longer than ${TEXT_MAX} characters`);

const said = {
  clientTurnId: uuid.describe('made by the browser for each question; the same one again is the same turn'),
  text: messageText,
  page: z.strictObject({ url: webUrl, title: text(500).optional(), referrer: text(2_048).optional() }),
  locale: locale.optional(),
  customerToken: text(500, 1)
    .optional()
    .describe('proof by the platform of who is signed in, for questions about their own orders'),
  proof: text(300, 1).optional().describe('after 403 `proof_required`: the solved challenge, with the same question'),
};

/** Begins a stored conversation. */
export const beginTurn = z.strictObject({
  ...said,
  consentToken: text(200, 1),
  prechat: z.record(text(100, 1), text(1_000)).optional(),
});
/** Continues a stored conversation. */
export const continueTurn = z.strictObject({ ...said, conversationId: uuid });
/** Asks without being stored: the browser brings the thread. */
export const carriedTurn = z.strictObject({ ...said, thread });

export const turnRequest = z.union([beginTurn, continueTurn, carriedTurn]);
export type TurnRequest = z.infer<typeof turnRequest>;

export const citationSchema = z.object({ index: z.int().positive(), title: z.string(), url: z.string() });
export type Citation = z.infer<typeof citationSchema>;

/** A product that an answer speaks of, with what code knows of it. Prices are as a visitor reads them. */
export const productCard = z.object({
  index: z.int().positive().describe('of its citation'),
  title: z.string(),
  url: z.string(),
  image: z.object({ url: z.string(), alt: z.string() }).nullable(),
  price: z.string().describe('such as `€49.00`, or of the cheapest and the dearest variant'),
  available: z.boolean(),
  asOf: z.iso.datetime().nullable().describe('when price and stock were so, where they are not of this moment'),
  variants: z
    .array(z.object({ id: z.string(), title: z.string(), price: z.string(), available: z.boolean() }))
    .describe('what can be put into the basket; `id` is the platform’s own'),
});
export type ProductCard = z.infer<typeof productCard>;

/**
 * Why an answer ended: by itself, at the token limit, by the provider's safety filter, or because the visitor left. With
 * `agent` there is none: a person of the team has taken over, and will write.
 */
export const finishReason = z.enum(['stop', 'length', 'filtered', 'interrupted', 'agent']);
export type FinishReason = z.infer<typeof finishReason>;

/** Why an answer could not be finished. */
export const failureCode = z.enum(['provider_failed', 'turn_interrupted', 'conversation_not_found', 'internal']);
export type FailureCode = z.infer<typeof failureCode>;

/** The events of an answer, in order; each is one `data:` line of the stream, with its name in `event:`. */
export type TurnEvent =
  | { event: 'started'; data: { turnId: string; conversationId?: string; provider: string; model: string } }
  | { event: 'delta'; data: { text: string } }
  | { event: 'citation'; data: Citation }
  | { event: 'product'; data: ProductCard }
  | { event: 'suggestion'; data: { kind: 'lead' | 'callback' | 'handoff'; reason: string } }
  | {
      event: 'completed';
      data: {
        turnId: string;
        text: string;
        citations: Citation[];
        products?: ProductCard[];
        finishReason: FinishReason;
        seal?: string;
      };
    }
  | { event: 'failed'; data: { code: FailureCode; retryable: boolean } };
