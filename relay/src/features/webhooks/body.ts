import type { ConversationEnded, WebhookMessage } from '@confab/contract';
import type { Consent } from '../consent/index.ts';
import type { Conversations } from '../conversations/index.ts';
import type { Privacy } from '../privacy/index.ts';
import type { Retention } from '../retention/index.ts';
import type { Site } from '../sites/index.ts';
import type { NewMessage } from './store.ts';

/** Whoever knows what happened. `held`: whose it is has restricted the use of it. */
export type Sources = {
  lead: (siteId: string, id: string) => Promise<WebhookMessage | 'held' | undefined>;
  conversations: Pick<Conversations, 'endOf'>;
  consent: Pick<Consent, 'receipt'>;
  privacy: Pick<Privacy, 'completed'>;
  retention: Pick<Retention, 'certificate'>;
};

/**
 * The body of a message, as what it is about stands now: whose data were put right since are told right, and of what is
 * erased there is nothing.
 */
export async function bodyOf(
  { lead, conversations, consent, privacy, retention }: Sources,
  site: Site,
  { type, subjectId, lastMessageAt, createdAt }: NewMessage,
): Promise<WebhookMessage | 'held' | undefined> {
  switch (type) {
    case 'lead.created':
      return lead(site.id, subjectId);
    case 'conversation.ended': {
      const end = lastMessageAt && (await conversations.endOf(site, subjectId, lastMessageAt));
      return end && end !== 'held' ? conversationEnded(site, end) : (end ?? undefined);
    }
    case 'consent.withdrawn': {
      const receipt = await consent.receipt(site, subjectId);
      if (!receipt) return undefined;
      const { subject: _, ...data } = receipt;
      return { type, timestamp: data.recordedAt, data };
    }
    case 'data_request.completed': {
      const done = await privacy.completed(site, subjectId);
      return done && { type, timestamp: done.completedAt, data: { siteId: site.id, ...done } };
    }
    case 'purge.completed': {
      const data = await retention.certificate(site, subjectId);
      return data && { type, timestamp: data.completedAt, data };
    }
    case 'webhook.test':
      return { type, timestamp: createdAt.toISOString(), data: { siteId: site.id, webhookId: subjectId } };
  }
}

const conversationEnded = (site: Site, end: Omit<ConversationEnded['data'], 'siteId'>): ConversationEnded => ({
  type: 'conversation.ended',
  timestamp: end.endedAt,
  data: { siteId: site.id, ...end },
});

const REDACTED = '[redacted]';

/** What of a body about somebody may be shown where nobody needs to know whom it is about. The others are about nobody. */
const SHOWN: Partial<Record<WebhookMessage['type'], readonly string[]>> = {
  'lead.created': ['siteId', 'leadId', 'kind', 'createdAt', 'conversationId', 'marketing'],
  'conversation.ended': ['siteId', 'conversationId', 'startedAt', 'endedAt', 'messages', 'locale', 'outcomes'],
};

/** The body with its keys, each personal value replaced. */
export function redactedBody(body: WebhookMessage): Record<string, unknown> {
  const shown = SHOWN[body.type];
  if (!shown) return body;
  const data = Object.entries(body.data).map(([key, value]) => [key, shown.includes(key) ? value : redacted(value)]);
  return { ...body, data: Object.fromEntries(data) };
}

function redacted(value: unknown): unknown {
  if (value === null) return null;
  if (typeof value !== 'object') return REDACTED;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, redacted(member)]));
}

const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;

/** The text without the words of a body that are somebody's: what is sent to a receiver does not come back from it. */
export function withoutWordsOf(body: WebhookMessage, text: string): string {
  const shown = SHOWN[body.type];
  if (!shown) return text;
  const personal = Object.entries(body.data).flatMap(([key, value]) => (shown.includes(key) ? [] : textsIn(value)));
  const words = new Set(personal.flatMap(each => [...(each.match(WORD) ?? []), each.replace(/\D/g, '')]).map(small));
  return text.replace(WORD, word => (words.has(small(word)) ? REDACTED : word));
}

const small = (word: string) => word.normalize('NFKC').toLowerCase();

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.entries(value).flat().flatMap(textsIn) : [];
}
