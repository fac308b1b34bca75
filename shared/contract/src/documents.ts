import { z } from 'zod';
import { DOCUMENTS_MAX } from './constants.ts';
import { locale, text, timestamp } from './primitives.ts';

const externalId = text(300, 1);
const attribute = z.union([text(2_000), z.number(), z.boolean(), z.null(), z.array(text(500)).max(100)]);

const MONEY = /^\d{1,12}(\.\d{1,4})?$/;

/** An amount in the currency's main unit, as a decimal, such as `{ amount: "49.90", currency: "EUR" }`. */
export const money = z.strictObject({
  amount: z.string().regex(MONEY, 'is not an amount such as "49.90"'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'is not a currency such as "EUR"'),
});
export type Money = z.infer<typeof money>;

/** What can be put into a basket; `id` is the platform's own. */
export const variant = z.strictObject({ id: text(300, 1), title: text(300), price: money, available: z.boolean() });
export type Variant = z.infer<typeof variant>;

/** What an answer says of a product by code: never written by a model. As it stood when it was sent. */
export const product = z.strictObject({
  image: z.strictObject({ url: text(2_048), alt: text(500) }).nullable(),
  variants: z.array(variant).min(1).max(100),
});
export type Product = z.infer<typeof product>;

const documentType = z.enum(['page', 'post', 'product', 'faq', 'policy']);

/** One page or product of a site, as a plugin pushes it. Either `html` or `text`. */
export const documentUpsert = z
  .strictObject({
    externalId,
    type: documentType,
    url: z.string().max(2_048),
    title: text(500),
    html: z.string().optional(),
    text: z.string().optional(),
    locale: locale.optional(),
    attributes: z
      .record(text(100, 1), attribute)
      .refine(value => Object.keys(value).length <= 100, 'has more than 100 entries')
      .optional()
      .describe('facts such as price, currency, sizes, stock'),
    product: product.optional().describe('of a product: prices and stock here, not in the text, are filled in by code'),
    updatedAt: timestamp,
  })
  .refine(document => (document.html === undefined) !== (document.text === undefined), 'needs either html or text');
export type DocumentUpsert = z.infer<typeof documentUpsert>;

export const documentsRequest = z.strictObject({
  upsert: z.array(documentUpsert).max(DOCUMENTS_MAX).default([]),
  delete: z.array(externalId).max(DOCUMENTS_MAX).default([]),
});

/**
 * Why a document was not taken: nothing to read in it, too much of it, tags nested too deep, a bad address, a broken
 * character, an id that the relay keeps for its own documents.
 */
export const rejectionCode = z.enum(['empty', 'too_large', 'too_deep', 'invalid_url', 'invalid_text', 'reserved_id']);
export type RejectionCode = z.infer<typeof rejectionCode>;

export const documentsResponse = z.object({
  accepted: z.int(),
  unchanged: z.int(),
  rejected: z.array(z.object({ externalId: z.string(), code: rejectionCode })),
});
export type DocumentsResponse = z.infer<typeof documentsResponse>;

export const documentsStatus = z.object({
  documents: z.int(),
  chunks: z.int(),
  pending: z.int(),
  failed: z.int(),
  lastSyncedAt: timestamp.nullable(),
});

/** What the knowledge holds. `hash` is the lower hex SHA-256 of the RFC 8785 JSON of `[indexVersion, document]`. */
export const documentPage = z.object({
  indexVersion: z.int().describe('changes when every document is to be sent again'),
  items: z.array(
    z.object({
      externalId: z.string(),
      type: documentType,
      url: z.string(),
      title: z.string(),
      locale: z.string().nullable(),
      hash: z.string().describe('of the document as it was sent, every field'),
      updatedAt: timestamp,
      syncedAt: timestamp,
    }),
  ),
  nextCursor: z.string().nullable(),
});
export type DocumentPage = z.infer<typeof documentPage>;

/** In an address `limit=` says as much as no limit at all. */
const absentWhenEmpty = (value: unknown) => (value === '' ? undefined : value);

export const searchQuery = z.strictObject({
  q: text(4_000, 1),
  limit: z.preprocess(absentWhenEmpty, z.coerce.number().int().min(1).max(50).default(5)),
  locale: z.preprocess(absentWhenEmpty, locale.optional()),
});

export const searchResponse = z.object({
  items: z.array(
    z.object({
      externalId: z.string(),
      url: z.string(),
      title: z.string(),
      excerpt: z.string(),
      score: z.number(),
    }),
  ),
  answerable: z.boolean().describe('whether the knowledge holds enough on the question to answer it'),
});
export type SearchResponse = z.infer<typeof searchResponse>;
