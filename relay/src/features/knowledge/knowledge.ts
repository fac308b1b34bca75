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
import { type Period, pageOf, placeOf } from '../../lib/cursor.ts';
import { sha256 } from '../../lib/sha256.ts';
import { isWebAddress } from '../../lib/web-address.ts';
import type { Site } from '../sites/index.ts';
import { type Chunk, chunk } from './chunk.ts';
import { cleanHtml, cleanText } from './clean.ts';
import { createSearch, type Meaning, noMeaning } from './search.ts';
import { INDEX_VERSION, type KnowledgeStore, type NewDocument, type Origin } from './store.ts';

const NO_ID = '00000000-0000-0000-0000-000000000000';
const BEFORE_ALL = { siteId: NO_ID, id: NO_ID };
const OUTDATED_AT_ONCE = 100;

export type Knowledge = ReturnType<typeof createKnowledge>;

type Deps = {
  store: KnowledgeStore;
  meaning?: Meaning;
  /** Hears that a site holds other passages than before. */
  onChange?: (site: Site) => Promise<void>;
  now: () => Date;
};

export function createKnowledge({ store, meaning = noMeaning, onChange = async () => {}, now }: Deps) {
  const search = createSearch({ store, meaning });

  return {
    /**
     * Takes documents in and lets others go; the same content again changes nothing. A bad one does not stop the rest.
     * With `keepNewer` neither does a version that is older than the one held: for who hears of changes out of order.
     * Only documents of the same origin are touched; ids of the relay's own begin with the name of theirs.
     */
    async sync(
      site: Site,
      change: { upsert: DocumentUpsert[]; delete: string[] },
      { origin = 'plugin', keepNewer = false }: { origin?: Origin; keepNewer?: boolean } = {},
    ): Promise<DocumentsResponse> {
      const upserts = lastOfEach(change.upsert);
      const known = await store.versions(site.id, [...upserts.keys()]);
      const answer: DocumentsResponse = { accepted: 0, unchanged: 0, rejected: [] };
      for (const document of upserts.values()) {
        // Before anything tells whether somebody else's document is there.
        if (!mayBring(origin, document.externalId)) {
          answer.rejected.push({ externalId: document.externalId, code: 'reserved_id' });
          continue;
        }
        const contentHash = sha256(canonicalJson([INDEX_VERSION, document]));
        const held = known.get(document.externalId);
        const isOlder = held !== undefined && new Date(document.updatedAt) < held.updatedAt;
        if (held?.contentHash === contentHash || (keepNewer && isOlder)) {
          answer.unchanged += 1;
          continue;
        }
        const chunks = chunksOf(document, origin);
        if (typeof chunks === 'string') {
          answer.rejected.push({ externalId: document.externalId, code: chunks });
          continue;
        }
        await store.replace(site.id, rowOf(document, origin, chunks, contentHash, now()), {
          declared: document.locale ?? null,
          site: site.settings.locale,
        });
        answer.accepted += 1;
      }
      const deleted = change.delete.length > 0 ? await store.remove(site.id, origin, change.delete) : 0;
      answer.accepted += deleted;
      if (answer.accepted > 0) await onChange(site);
      answer.unchanged += new Set(change.delete).size - deleted;
      return answer;
    },

    /** What is held, with the hash of what was sent, so that a plugin finds what differs; a period is of its sync. Throws 400 for a wrong cursor. */
    async list(
      site: Site,
      { cursor, limit, ...period }: { cursor?: string | undefined; limit: number } & Period,
    ): Promise<DocumentPage> {
      const rows = await store.list(site.id, 'plugin', period, placeOf(cursor)?.id, limit + 1);
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

    /** Documents are found by their words as they come in; what is pending or failed are vectors of their passages. */
    async status(site: Site) {
      const [{ lastSyncedAt, ...counts }, vectors] = await Promise.all([store.status(site.id), meaning.progress(site)]);
      return { ...counts, ...vectors, lastSyncedAt: lastSyncedAt?.toISOString() ?? null };
    },

    /** Indexes what an earlier version of the relay indexed, from the passages that are held. */
    async indexAnew(signal: AbortSignal): Promise<void> {
      let after = BEFORE_ALL;
      for (;;) {
        const documents = await store.outdated(after, OUTDATED_AT_ONCE);
        for (const document of documents) {
          signal.throwIfAborted();
          await store.indexAnew(document, { declared: document.locale, site: document.siteLocale });
          after = document;
        }
        if (documents.length < OUTDATED_AT_ONCE) return;
      }
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
}

function lastOfEach(documents: DocumentUpsert[]): Map<string, DocumentUpsert> {
  return new Map(documents.map(document => [document.externalId, document]));
}

function chunksOf(document: DocumentUpsert, origin: Origin): Chunk[] | RejectionCode {
  // An entry and an uploaded file may be on no page: they are cited by their title.
  const isNowhere = document.url === '' && (origin === 'entry' || origin === 'upload');
  if (!isNowhere && !isWebAddress(document.url)) return 'invalid_url';
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

/** An id tells whose a document is, so that nobody can take the place of another's. */
function mayBring(origin: Origin, externalId: string): boolean {
  const owner = /^(crawl|entry|upload):/.exec(externalId)?.[1] ?? 'plugin';
  return owner === origin;
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

function rowOf(
  document: DocumentUpsert,
  origin: Origin,
  chunks: Chunk[],
  contentHash: string,
  syncedAt: Date,
): NewDocument {
  const { externalId, type, url, title, locale, attributes, product, updatedAt } = document;
  return {
    id: uuidv7(),
    origin,
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
