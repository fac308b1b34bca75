import {
  DOCUMENT_TEXT_MAX,
  type DocumentPage,
  type DocumentsResponse,
  type DocumentUpsert,
  isStorable,
  type RejectionCode,
  type SearchResponse,
} from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import { sha256 } from '../../lib/sha256.ts';
import { isWebAddress } from '../../lib/web-address.ts';
import type { Site } from '../sites/index.ts';
import { type Chunk, chunk } from './chunk.ts';
import { cleanHtml, cleanText } from './clean.ts';
import { textSearchOf } from './language.ts';
import type { Found, KnowledgeStore, NewDocument } from './store.ts';

/**
 * The share of a question's weight that one passage must hold before we answer from it; set on the demo shop's
 * labelled questions (docs/decisions/0004-lexical-search.md).
 */
const ANSWERABLE_COVERAGE = 0.45;

/** Passages of one document beyond these say little new. */
const PASSAGES_PER_DOCUMENT = 3;

/** Raised when cleaning or cutting changes, so that the same document is indexed anew. */
const INDEX_VERSION = 1;

/** What the knowledge holds on a question. */
export type Search = { passages: Found[]; answerable: boolean };

export type Knowledge = ReturnType<typeof createKnowledge>;

export function createKnowledge({ store, now }: { store: KnowledgeStore; now: () => Date }) {
  return {
    /**
     * Takes documents in and lets others go; the same content again changes nothing. A bad one does not stop the rest.
     * With `keepNewer` neither does a version that is older than the one held: for who hears of changes out of order.
     */
    async sync(
      site: Site,
      change: { upsert: DocumentUpsert[]; delete: string[] },
      { keepNewer = false }: { keepNewer?: boolean } = {},
    ): Promise<DocumentsResponse> {
      const upserts = lastOfEach(change.upsert);
      const known = await store.versions(site.id, [...upserts.keys()]);
      const answer: DocumentsResponse = { accepted: 0, unchanged: 0, rejected: [] };
      for (const document of upserts.values()) {
        const contentHash = sha256(canonicalJson([INDEX_VERSION, document]));
        const held = known.get(document.externalId);
        const isOlder = held !== undefined && new Date(document.updatedAt) < held.updatedAt;
        if (held?.contentHash === contentHash || (keepNewer && isOlder)) {
          answer.unchanged += 1;
          continue;
        }
        const chunks = chunksOf(document);
        if (typeof chunks === 'string') {
          answer.rejected.push({ externalId: document.externalId, code: chunks });
          continue;
        }
        const textSearch = textSearchOf(document.locale ?? site.settings.locale);
        await store.replace(site.id, rowOf(document, chunks, contentHash, now()), textSearch);
        answer.accepted += 1;
      }
      const deleted = change.delete.length > 0 ? await store.remove(site.id, change.delete) : 0;
      answer.accepted += deleted;
      answer.unchanged += new Set(change.delete).size - deleted;
      return answer;
    },

    /** What is held, with the hash of what was sent, so that a plugin finds what differs. Throws 400 for a wrong cursor. */
    async list(site: Site, { cursor, limit }: { cursor?: string | undefined; limit: number }): Promise<DocumentPage> {
      const rows = await store.list(site.id, placeOf(cursor)?.id, limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ syncedAt }) => syncedAt);
      const items = page.map(({ externalId, type, url, title, locale, contentHash, updatedAt, syncedAt }) => ({
        externalId,
        type: type as DocumentUpsert['type'],
        url,
        title,
        locale,
        hash: contentHash,
        updatedAt: updatedAt.toISOString(),
        syncedAt: syncedAt.toISOString(),
      }));
      return { indexVersion: INDEX_VERSION, items, nextCursor };
    },

    /** Documents are cut and indexed as they come in, so none is ever pending or failed. */
    async status(site: Site) {
      const { lastSyncedAt, ...counts } = await store.status(site.id);
      return { ...counts, pending: 0, failed: 0, lastSyncedAt: lastSyncedAt?.toISOString() ?? null };
    },

    search,

    /** The same retrieval, one entry for each document. */
    async searchDocuments(site: Site, question: string, limit: number, locale?: string): Promise<SearchResponse> {
      const { passages, answerable } = await search(site, question, { perDocument: 1, limit, locale });
      const items = passages.map(({ externalId, url, title, text, score }) => ({
        externalId,
        url,
        title,
        excerpt: text,
        score,
      }));
      return { items, answerable };
    },
  };

  /** The passages that fit the question best, best first. */
  async function search(
    site: Site,
    question: string,
    { limit, locale, perDocument = PASSAGES_PER_DOCUMENT }: { limit: number; locale?: string; perDocument?: number },
  ): Promise<Search> {
    const textSearches = [...new Set([site.settings.locale, locale ?? site.settings.locale].map(textSearchOf))];
    const passages = await store.search(site.id, question, { textSearches, perDocument, limit });
    return { passages, answerable: passages.slice(0, 3).some(({ coverage }) => coverage >= ANSWERABLE_COVERAGE) };
  }
}

function lastOfEach(documents: DocumentUpsert[]): Map<string, DocumentUpsert> {
  return new Map(documents.map(document => [document.externalId, document]));
}

function chunksOf(document: DocumentUpsert): Chunk[] | RejectionCode {
  if (!isWebAddress(document.url)) return 'invalid_url';
  const source = document.html ?? document.text ?? '';
  if (source.length > DOCUMENT_TEXT_MAX) return 'too_large';
  if (!isStorable(source)) return 'invalid_text';
  const text = document.html === undefined ? cleanText(source) : cleanHtml(source);
  if (text === undefined) return 'too_deep';
  // An escape such as &#0; can bring back what the source did not seem to hold.
  if (!isStorable(text)) return 'invalid_text';
  const chunks = chunk(text);
  return chunks.length === 0 ? 'empty' : [...chunks, ...facts(document)];
}

/** Price, sizes and the like, as passages of their own. Of a `product` the variants’ names only: the rest is filled in. */
function facts({ attributes = {}, product }: DocumentUpsert): Chunk[] {
  const lines = Object.entries(attributes).flatMap(([name, value]) => {
    if (value === null || value === '') return [];
    return `${name}: ${Array.isArray(value) ? value.join(', ') : value}`;
  });
  const variants = product && product.variants.length > 1 ? product.variants.map(({ title }) => title) : [];
  return chunk([...lines, variants.join(', ')].join('\n'));
}

function rowOf(document: DocumentUpsert, chunks: Chunk[], contentHash: string, syncedAt: Date): NewDocument {
  const { externalId, type, url, title, locale, attributes, product, updatedAt } = document;
  return {
    id: uuidv7(),
    externalId,
    type,
    url,
    title: title.trim() || url,
    locale: locale ?? null,
    attributes: attributes ?? {},
    product: product ?? null,
    contentHash,
    updatedAt: new Date(updatedAt),
    syncedAt,
    chunks,
  };
}
