import { z } from 'zod';
import { periodQuery } from './page.ts';
import { locale, text, timestamp, uuid } from './primitives.ts';

export const decision = z.enum(['granted', 'declined', 'withdrawn']);
export const purpose = z.enum(['storage', 'analytics', 'marketing']);
export const consentSource = z.enum(['banner', 'platform', 'gpc', 'settings', 'lead_form']);
export type Purpose = z.infer<typeof purpose>;

/** A visitor's decision, as the widget sends it. To marketing e-mails a person agrees with a lead, and not here. */
export const consentRequest = z.strictObject({
  decision,
  purposes: z
    .array(purpose.exclude(['marketing']))
    .min(1)
    .max(2)
    .refine(isSet, 'names a purpose twice')
    .default(['storage']),
  noticeVersion: text(64, 1),
  source: consentSource.exclude(['lead_form']),
  locale,
  conversationId: uuid.optional().describe('the conversation handle; a withdrawal erases that conversation'),
});
export type ConsentRequest = z.infer<typeof consentRequest>;

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in hexadecimal');

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
  noticeHash: sha256Hex,
  locale: z.string(),
  source: consentSource,
  subject: sha256Hex
    .optional()
    .describe(
      'stands for the visitor: a commitment that only its opening, kept with the conversation, ties to anybody',
    ),
  recordedAt: timestamp,
  sequence: z.int().positive(),
  hash: sha256Hex,
  previousHash: sha256Hex,
});
export type Receipt = z.infer<typeof receiptSchema>;

export const consentResponse = z.object({
  receipt: receiptSchema,
  consentToken: z.string().optional().describe('begins one stored conversation, once; only when storage was granted'),
  erased: z
    .boolean()
    .optional()
    .describe('with a withdrawal that names a conversation: false where a legal hold keeps it, restricted and closed'),
});
export type ConsentResponse = z.infer<typeof consentResponse>;

/** A public key that signs checkpoints of consent logs (RFC 8037). */
export const publicKey = z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().max(100) });
export type PublicKey = z.infer<typeof publicKey>;

/** Every public key of the relay, the one that signs first (RFC 7517). `kid` is the RFC 7638 thumbprint. */
export const publicKeySet = z.object({
  keys: z.array(publicKey.extend({ kid: z.string(), use: z.literal('sig'), alg: z.literal('EdDSA') })),
});
export type PublicKeySet = z.infer<typeof publicKeySet>;

/**
 * "Up to record `sequence`, whose hash is `hash`, the log of this site is whole." Signed over the RFC 8785 JSON of all
 * other fields. Sequence 0 with 64 zeros is the beginning of a log.
 */
export const checkpoint = z.strictObject({
  type: z.literal('checkpoint'),
  siteKey: z.string(),
  sequence: z.int().nonnegative(),
  hash: sha256Hex,
  at: timestamp,
  keyId: z.string().describe('the RFC 7638 thumbprint of `key`'),
  key: publicKey,
  signature: z.string().describe('Ed25519, base64url'),
});
export type Checkpoint = z.infer<typeof checkpoint>;

/** The words that visitors decided on. `hash` is the SHA-256 of the RFC 8785 JSON of `locale` and `wording`. */
export const loggedNotice = z.strictObject({
  hash: sha256Hex,
  version: z.string().describe('the first twelve digits of the hash'),
  locale,
  wording: z.strictObject({
    title: z.string(),
    body: z.string(),
    acceptLabel: z.string(),
    declineLabel: z.string(),
    policyUrl: z.string().nullable(),
  }),
});
export type LoggedNotice = z.infer<typeof loggedNotice>;

/** One line of an exported consent log, in RFC 8785 JSON; docs/decisions/0003-consent-chain.md tells their order. */
export const consentLogLine = z.discriminatedUnion('type', [
  checkpoint,
  loggedNotice.extend({ type: z.literal('notice') }),
  z.strictObject({ ...receiptSchema.shape, type: z.literal('record') }),
]);
export type ConsentLogLine = z.infer<typeof consentLogLine>;

/** Which part of the consent log is read; one of a period, or as CSV, has no checkpoints and cannot be verified. */
export const consentsQuery = z.strictObject({
  after: wholeNumber('0 to 2147483647', 0, 2_147_483_647).default(0).describe('the last sequence number that you have'),
  limit: wholeNumber('1 to 1000', 1, 1_000).default(1_000),
  ...periodQuery.pick({ format: true, from: true, to: true }).shape,
});

/** The consent log for who prefers JSON to JSON Lines; it has no checkpoints and cannot be verified as it is. */
export const consentsPage = z.object({
  items: z.array(receiptSchema),
  notices: z.array(loggedNotice).describe('those that the items name'),
  nextCursor: z.string().nullable().describe('`after` of the next page; null at the end of the log'),
});
export type ConsentsPage = z.infer<typeof consentsPage>;

function wholeNumber(range: string, min: number, max: number) {
  const message = `is not a whole number from ${range}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, message)
    .transform(Number)
    .pipe(z.int().min(min, message).max(max, message));
}

function isSet(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
