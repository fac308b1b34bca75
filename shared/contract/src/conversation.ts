import { z } from 'zod';
import { timestamp, uuid } from './primitives.ts';
import { citationSchema, productCard } from './turn.ts';

/** How a stored message ended; `streaming` while its answer is being written. */
export const messageStatus = z.enum(['completed', 'interrupted', 'failed', 'streaming']);
export type MessageStatus = z.infer<typeof messageStatus>;

export const messageSchema = z.object({
  id: uuid,
  role: z.enum(['visitor', 'assistant', 'agent']),
  text: z.string(),
  citations: z.array(citationSchema),
  products: z.array(productCard).optional().describe('as they were shown; absent where there were none'),
  status: messageStatus,
  createdAt: timestamp,
});
export type Message = z.infer<typeof messageSchema>;

export const conversationSchema = z.object({
  conversationId: uuid,
  createdAt: timestamp,
  restricted: z.boolean().describe('kept, and not used: answers do not draw on what was said before'),
  messages: z.array(messageSchema),
});
export type Conversation = z.infer<typeof conversationSchema>;

/** A stored conversation as the site’s owner reads it. While it is restricted, nothing is told of it. */
export const ownedConversation = z.object({
  id: uuid,
  createdAt: timestamp,
  restricted: z.boolean(),
  locale: z.string().nullable(),
  pageUrl: z.string().nullable(),
  prechat: z.record(z.string(), z.string()).nullable().describe('what the visitor answered before the chat'),
  messages: z.array(messageSchema).describe('the last ones, oldest first'),
});
export type OwnedConversation = z.infer<typeof ownedConversation>;

/** A stored conversation as it is listed: no word of what was said. */
export const conversationItem = z.object({
  id: uuid,
  createdAt: timestamp,
  lastMessageAt: timestamp.nullable(),
  messages: z.int(),
  locale: z.string().nullable(),
  pageUrl: z.string().nullable().describe('null while the conversation is restricted'),
  restricted: z.boolean(),
});
export const conversationPage = z.object({ items: z.array(conversationItem), nextCursor: z.string().nullable() });
export type ConversationPage = z.infer<typeof conversationPage>;
