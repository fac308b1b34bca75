import { z } from 'zod';
import { messageSchema, takenOverBy } from './conversation.ts';
import { timestamp, uuid } from './primitives.ts';
import { messageText } from './turn.ts';

/** What happens to a visitor's own conversation, as `GET /v1/widget/{siteKey}/conversation/events` tells it. */
export type VisitorEvent =
  /**
   * Who answers in the assistant's place from now on; nobody where `by` is null. Always the first event: from it on nothing
   * is missed, so whoever reads the conversation after it has everything.
   */
  | { event: 'takeover'; data: { by: string | null } }
  /** What a person of the team wrote; also there when the conversation is read, under the same id. */
  | { event: 'message'; data: AgentMessage }
  /** That person is writing. Holds for five seconds. */
  | { event: 'typing'; data: { by: string } }
  /** Whether that person has their console open. Told where it changes; whoever takes over is there. */
  | { event: 'presence'; data: { present: boolean } }
  /** The relay may have missed something: read the conversation again. */
  | { event: 'missed'; data: object }
  /** The conversation is gone, or its handle opens it no more. Always last; any other end means: connect again. */
  | { event: 'ended'; data: object };

export type AgentMessage = {
  id: string;
  role: 'agent';
  text: string;
  author: string;
  citations: [];
  createdAt: string;
};

/** What happens at a site, as `GET /v1/sites/{siteId}/events` tells it: ids, for who shows them to read again. */
export type ConsoleEvent =
  /** One was begun, taken over, given back, restricted or freed of that. */
  | { event: 'conversation'; data: { conversationId: string } }
  /** One more message is there, or the answer that was being written is whole. */
  | { event: 'message'; data: { conversationId: string; role: 'visitor' | 'assistant' | 'agent' } }
  /** The visitor, or the user `by` who has taken over, is writing. Holds for five seconds. */
  | { event: 'typing'; data: { conversationId: string; role: 'visitor' | 'agent'; by?: string } }
  /** Whether its visitor has the chat open. */
  | { event: 'presence'; data: { conversationId: string; present: boolean } }
  | { event: 'lead'; data: { leadId: string } }
  /** Somebody sees another page. Told every few seconds at the most. */
  | { event: 'visitors'; data: object }
  /** The conversation was erased. */
  | { event: 'ended'; data: { conversationId: string } }
  /** The relay may have missed something: read again what you show. */
  | { event: 'missed'; data: object }
  /** The session, the role or the membership is no more what it was. Always last; any other end means: connect again. */
  | { event: 'signed_out'; data: object };

/** How long somebody who typed a moment ago is shown as typing. */
export const TYPING_MS = 5_000;

/** `?force=true` takes a conversation from whoever has taken it over. */
export const takeoverQuery = z.strictObject({
  force: z.enum(['true', 'false']).default('false'),
});

export const takeoverResponse = z.object({ takenOverBy, takenOverAt: timestamp });
export type Takeover = z.infer<typeof takeoverResponse>;

/** What somebody who has taken over writes. */
export const agentMessageRequest = z.strictObject({
  text: messageText,
  clientMessageId: uuid.describe('made by the browser for each message; the same one again is the same message'),
});
export type AgentMessageRequest = z.infer<typeof agentMessageRequest>;

export const agentMessageResponse = messageSchema;

export const visitorsQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(90).default(7).describe('of which pages are counted'),
});

/** Who is there now. Only visitors who agreed to storage have a row; everybody is counted. */
export const visitorsResponse = z.object({
  active: z
    .array(
      z.object({
        conversationId: uuid,
        pageUrl: z.string().describe('the one seen last, where analytics was agreed to; else where the chat began'),
        pageTitle: z.string().nullable(),
        since: timestamp,
        lastSeenAt: timestamp,
        present: z.boolean().describe('has the chat open'),
        takenOverBy: takenOverBy.nullable(),
      }),
    )
    .describe('who wrote, saw a page or had the chat open in the last five minutes; the newest 200'),
  counts: z
    .object({ opened5m: z.int(), turns5m: z.int() })
    .describe('of all visitors in the last five minutes: how often the chat was opened, and a question asked'),
  pages: z
    .array(z.object({ url: z.string(), views: z.int() }))
    .describe('the 20 pages seen most often by those who agreed to analytics'),
});
export type Visitors = z.infer<typeof visitorsResponse>;
