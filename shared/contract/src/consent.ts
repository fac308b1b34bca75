import { z } from 'zod';
import { locale, text, timestamp, uuid } from './primitives.ts';

export const decision = z.enum(['granted', 'declined', 'withdrawn']);
export const purpose = z.enum(['storage', 'analytics']);
export const consentSource = z.enum(['banner', 'platform', 'gpc', 'settings']);
export type Purpose = z.infer<typeof purpose>;

/** A visitor's decision, as the widget sends it. */
export const consentRequest = z.strictObject({
  decision,
  purposes: z.array(purpose).min(1).max(2).refine(isSet, 'names a purpose twice').default(['storage']),
  noticeVersion: text(64, 1),
  source: consentSource,
  locale,
  conversationId: uuid.optional().describe('the conversation handle; a withdrawal erases that conversation'),
});
export type ConsentRequest = z.infer<typeof consentRequest>;

/**
 * The visitor's copy of one record of the site's consent log. `hash` is the SHA-256 of the RFC 8785 JSON of all other
 * fields, so anyone can check it; `previousHash` ties it to the record before (64 zeros for the first).
 */
export const receiptSchema = z.object({
  id: uuid,
  siteKey: z.string(),
  decision,
  purposes: z.array(purpose),
  noticeVersion: z.string(),
  noticeHash: z.string(),
  locale: z.string(),
  source: consentSource,
  recordedAt: timestamp,
  sequence: z.int().positive(),
  hash: z.string(),
  previousHash: z.string(),
});
export type Receipt = z.infer<typeof receiptSchema>;

export const consentResponse = z.object({
  receipt: receiptSchema,
  consentToken: z.string().optional().describe('begins one stored conversation, once; only when storage was granted'),
});
export type ConsentResponse = z.infer<typeof consentResponse>;

function isSet(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
