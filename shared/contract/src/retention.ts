import { z } from 'zod';
import { text, timestamp, uuid } from './primitives.ts';

/** How many rows of each kind, by class of data: `{"conversations": {"messages": 12, "conversations": 1}}`. */
const countsByClass = z.record(z.string(), z.record(z.string(), z.int()));

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** What one purge did. The hash covers every other member, and so the certificate before it. No personal data. */
export const purgeCertificate = z.object({
  siteKey: z.string(),
  sequence: z.int(),
  trigger: z.enum(['nightly', 'manual']),
  night: z.iso.date().nullable().describe('whose 03:00 made a nightly purge due'),
  cutoffs: z.record(z.string(), timestamp).describe('by class of data: what is older went'),
  counts: countsByClass,
  startedAt: timestamp,
  completedAt: timestamp,
  durationMs: z.int(),
  held: z.boolean().describe('whether a legal hold on the site stopped the purge'),
  previousHash: hash.describe('of the certificate before; zeros in the first'),
  hash: hash.describe('SHA-256 of the RFC 8785 JSON of the other members'),
});
export type PurgeCertificate = z.infer<typeof purgeCertificate>;

export const purgesPage = z.object({ items: z.array(purgeCertificate), nextCursor: z.string().nullable() });
export type PurgesPage = z.infer<typeof purgesPage>;

const days = z.coerce.number().int().min(1).max(3_650).optional();

/** Windows to try; what is absent stays as the site has it. */
export const retentionQuery = z.strictObject({
  conversationDays: days,
  leadDays: days,
  pageViewDays: days,
  consentDays: days,
});

export const retentionResponse = z.object({
  windows: z.object({
    conversationDays: z.int(),
    leadDays: z.int(),
    pageViewDays: z.int(),
    consentDays: z.int(),
  }),
  expired: countsByClass.describe('what a purge would delete now with these windows'),
  held: z.boolean().describe('whether a legal hold keeps everything of the site'),
  nextRunAt: timestamp,
});
export type RetentionResponse = z.infer<typeof retentionResponse>;

export const legalHoldRequest = z.strictObject({
  conversationId: uuid.optional().describe('the internal id; without one everything of the site is held'),
  reason: text(1_000, 1),
  author: text(200, 1).describe('who orders it'),
});

export const legalHoldRelease = z.strictObject({ author: text(200, 1).describe('who ends it') });

export const legalHold = z.object({
  legalHoldId: uuid,
  conversationId: uuid.nullable(),
  reason: z.string(),
  author: z.string(),
  createdAt: timestamp,
  releasedAt: timestamp.nullable(),
  releasedBy: z.string().nullable(),
});
export type LegalHold = z.infer<typeof legalHold>;

export const legalHoldsPage = z.object({ items: z.array(legalHold), nextCursor: z.string().nullable() });
export type LegalHoldsPage = z.infer<typeof legalHoldsPage>;
