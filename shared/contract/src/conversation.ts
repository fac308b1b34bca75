import { z } from 'zod';
import { periodQuery } from './page.ts';
import { locale, text, timestamp, uuid } from './primitives.ts';
import { citationSchema, productCard } from './turn.ts';

/** How a stored message ended; `streaming` while its answer is being written. */
export const messageStatus = z.enum(['completed', 'interrupted', 'failed', 'streaming']);
export type MessageStatus = z.infer<typeof messageStatus>;

/** How an answer went by the relay's own measure; null for what is none, such as a greeting. */
export const answerOutcome = z.enum(['answered', 'asked_back', 'unanswered']);
export type AnswerOutcome = z.infer<typeof answerOutcome>;

/** What a document said that an answer names, as it was when it was answered. */
export const keptPassage = z.object({
  index: z.int().positive().describe('of its citation'),
  documentId: uuid,
  externalId: z.string().describe('the plugin’s own id of the document'),
  title: z.string(),
  url: z.string().describe('empty for a document without a page'),
  heading: z.string(),
  text: z.string(),
  score: z.number().describe('of the search; comparable within one answer'),
});
export type KeptPassage = z.infer<typeof keptPassage>;

export const messageSchema = z.object({
  id: uuid,
  role: z.enum(['visitor', 'assistant', 'agent']),
  text: z.string(),
  citations: z.array(citationSchema),
  products: z.array(productCard).optional().describe('as they were shown; absent where there were none'),
  status: messageStatus,
  author: z.string().optional().describe('the name of the person of the team who wrote it; of the role `agent` only'),
  createdAt: timestamp,
});
export type Message = z.infer<typeof messageSchema>;

/** The user who has taken over a conversation. */
export const takenOverBy = z.object({ userId: uuid, name: z.string() });

export const conversationSchema = z.object({
  conversationId: uuid,
  createdAt: timestamp,
  takenOverBy: z.string().nullable().describe('the name of the person who answers in the assistant’s place'),
  restricted: z.boolean().describe('kept, and not used: answers do not draw on what was said before'),
  messages: z.array(messageSchema),
});
export type Conversation = z.infer<typeof conversationSchema>;

/** Where a visitor wants the chat sent to: one address, without a name. */
export const transcriptRequest = z.strictObject({ email: text(320, 1) });
export type TranscriptRequest = z.infer<typeof transcriptRequest>;

/** What the owner sees of an answer beyond its words. */
export const ownedMessage = messageSchema.extend({
  outcome: answerOutcome.nullable().optional(),
  passages: z.array(keptPassage).optional().describe('why it said that; absent where it named no document'),
  costUsd: z.number().optional().describe('in US dollars; absent where it cost nothing'),
});
export type OwnedMessage = z.infer<typeof ownedMessage>;

/** A stored conversation as the site’s owner reads it. While it is restricted, nothing is told of it. */
export const ownedConversation = z.object({
  id: uuid,
  createdAt: timestamp,
  restricted: z.boolean(),
  locale: z.string().nullable(),
  pageUrl: z.string().nullable(),
  prechat: z.record(z.string(), z.string()).nullable().describe('what the visitor answered before the chat'),
  takenOverBy: takenOverBy.nullable().describe('who answers in the assistant’s place'),
  takenOverAt: timestamp.nullable(),
  messages: z.array(ownedMessage).describe('the last ones, oldest first'),
});
export type OwnedConversation = z.infer<typeof ownedConversation>;

/** A stored conversation as it is listed: no word of what was said. */
export const conversationItem = z.object({
  id: uuid,
  createdAt: timestamp,
  lastMessageAt: timestamp.nullable(),
  messages: z.int(),
  answered: z.int().describe('answers that answered their question'),
  unanswered: z.int().describe('answers that left their question open'),
  lastRole: messageSchema.shape.role.nullable().describe('who wrote last'),
  waiting: z.boolean().describe('nobody has answered yet what the visitor wrote last, or the assistant knew no answer'),
  takenOver: z.boolean().describe('a person of the team answers in the assistant’s place'),
  hasLead: z.boolean().describe('contact details were left in it'),
  locale: z.string().nullable(),
  pageUrl: z.string().nullable().describe('null while the conversation is restricted'),
  restricted: z.boolean(),
});
export type ConversationItem = z.infer<typeof conversationItem>;
export const conversationPage = z.object({ items: z.array(conversationItem), nextCursor: z.string().nullable() });
export type ConversationPage = z.infer<typeof conversationPage>;

/** A question that the site's knowledge did not answer, for the owner to write the entry. */
export const unansweredItem = z.object({
  messageId: uuid.describe('of the answer'),
  conversationId: uuid,
  question: z.string(),
  locale: z.string().nullable(),
  createdAt: timestamp,
});
export const unansweredPage = z.object({ items: z.array(unansweredItem), nextCursor: z.string().nullable() });
export type UnansweredPage = z.infer<typeof unansweredPage>;

/** Which conversations are listed. */
export const conversationsQuery = periodQuery.extend({
  q: text(200, 1)
    .optional()
    .describe('words that stand in one of its messages, the last one perhaps not whole; not of what is restricted'),
  locale: locale.optional().describe('of the conversation; `de` is also `de-AT`'),
  outcome: z
    .enum(['answered', 'unanswered'])
    .optional()
    .describe('answered: answers answered, and none left its question open; unanswered: one did'),
  state: z
    .enum(['waiting', 'taken_over', 'open'])
    .optional()
    .describe('waiting: as told of each; taken_over: a person answers; open: neither'),
  lead: z
    .enum(['true', 'false'])
    .transform(value => value === 'true')
    .optional()
    .describe('whether contact details were left in it'),
});
