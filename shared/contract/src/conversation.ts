import { z } from 'zod';
import { timestamp, uuid } from './primitives.ts';
import { citationSchema } from './turn.ts';

/** How a stored message ended; `streaming` while its answer is being written. */
export const messageStatus = z.enum(['completed', 'interrupted', 'failed', 'streaming']);
export type MessageStatus = z.infer<typeof messageStatus>;

export const messageSchema = z.object({
  id: uuid,
  role: z.enum(['visitor', 'assistant', 'agent']),
  text: z.string(),
  citations: z.array(citationSchema),
  status: messageStatus,
  createdAt: timestamp,
});
export type Message = z.infer<typeof messageSchema>;

export const conversationSchema = z.object({
  conversationId: uuid,
  createdAt: timestamp,
  messages: z.array(messageSchema),
});
export type Conversation = z.infer<typeof conversationSchema>;
