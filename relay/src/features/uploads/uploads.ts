import {
  type DocumentsResponse,
  type DocumentUpsert,
  UPLOADS_MAX,
  UPLOADS_PENDING_MAX,
  type Upload,
  type UploadFault,
  type UploadPage,
  type UploadQuery,
  uploadFaults,
  uuid,
} from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import { ExtractError, type Extracted, type ExtractInput, type Extractor } from '../../lib/extract/extract.ts';
import type { Knowledge } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import { UPLOAD_CHANGED } from './jobs.ts';
import { partsOf } from './parts.ts';
import type { UploadStore } from './store.ts';

/** A document of the knowledge is no longer than this, so that indexing it keeps nobody waiting. */
const PART_LENGTH = 200_000;
const PARTS_MAX = 50;
/** What the relay has not survived so often is not tried again. */
const ATTEMPTS_MAX = 5;
const RETRY_AFTER_S = 60;
/** A file that is not whole by then has been given up by whoever sent it. */
const RECEIVING_MAX_MS = 60 * 60 * 1_000;

const kinds: Record<Upload['contentType'], ExtractInput['kind']> = {
  'text/plain': 'text',
  'text/markdown': 'markdown',
  'application/pdf': 'pdf',
};

export type Uploads = ReturnType<typeof createUploads>;

type Deps = {
  db: Db;
  store: UploadStore;
  knowledge: Pick<Knowledge, 'sync'>;
  extractor: Pick<Extractor, 'extract'>;
  jobs: Pick<Jobs, 'enqueue' | 'wake'>;
  now: () => Date;
};

/** Files of an owner's own. Each is kept until its text is in the knowledge, by a job, so that no crash loses it. */
export function createUploads({ db, store, knowledge, extractor, jobs, now }: Deps) {
  return {
    /** Throws where the site has too many files, or too many that are still being read. */
    async admit(site: Site): Promise<void> {
      await store.removeHalves(site.id, new Date(now().getTime() - RECEIVING_MAX_MS));
      const { all, pending } = await store.counts(site.id);
      if (all >= UPLOADS_MAX) {
        throw new AppError('validation_failed', `A site has ${UPLOADS_MAX} uploads at most. Remove some first.`);
      }
      if (pending >= UPLOADS_PENDING_MAX) {
        const message = `${pending} files are still being read. Send the next one in a minute.`;
        throw new AppError('rate_limited', message, { retryAfterS: RETRY_AFTER_S });
      }
    },

    /** Keeps a file and has it read; gives its id. */
    async add(site: Site, { name, url, locale }: UploadQuery, contentType: string, bytes: Buffer): Promise<string> {
      if (bytes.length === 0) throw new AppError('validation_failed', 'The file is empty. Send it as the body.');
      const id = uuidv7();
      const upload = {
        id,
        name: name.trim(),
        contentType,
        url: url ?? null,
        locale: locale ?? null,
        size: bytes.length,
        createdAt: now(),
      };
      await store.receive(site.id, upload, bytes);
      await inTransaction(db, async tx => {
        await store.accept(tx, site.id, id);
        await jobs.enqueue(UPLOAD_CHANGED, { siteId: site.id, uploadId: id }, { key: id, tx });
      });
      await jobs.wake(UPLOAD_CHANGED);
      return id;
    },

    /** Newest first. Throws 400 for a wrong cursor. */
    async list(site: Site, { cursor, limit }: { cursor?: string | undefined; limit: number }): Promise<UploadPage> {
      const rows = await store.list(site.id, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: page.map(listed), nextCursor };
    },

    /** Takes a file out of the knowledge, and forgets it. Throws 404 `not_found`. */
    async remove(site: Site, id: string): Promise<void> {
      const isRemoved =
        uuid.safeParse(id).success &&
        (await inTransaction(db, async tx => {
          if (!(await store.remove(tx, site.id, id))) return false;
          // For when we do not come to the next line, and for whoever is reading it meanwhile.
          await jobs.enqueue(UPLOAD_CHANGED, { siteId: site.id, uploadId: id }, { key: id, tx });
          return true;
        }));
      if (!isRemoved) throw new AppError('not_found', 'There is no such upload (any more).');
      await clear(site, id);
    },

    /** Brings a waiting file into the knowledge, and takes a removed one out of it; as often as one likes. */
    async process(site: Site, id: string, signal: AbortSignal): Promise<void> {
      const upload = await store.take(site.id, id);
      if (!upload) return clear(site, id);
      if (upload.status !== 'pending') return;
      const { contentType, attempts } = upload;
      if (attempts > ATTEMPTS_MAX) return end(site, id, { fault: 'internal', documents: 0 });
      const kind = kinds[mediaTypeOf(contentType)];
      const input = { kind, bytes: await store.content(site.id, id), url: upload.url ?? 'about:blank', contentType };
      const read = await extractor.extract(input, signal).catch((error: unknown) => {
        if (error instanceof ExtractError) return error.code;
        throw error;
      });
      if (typeof read === 'string') return end(site, id, { fault: read, documents: 0 });
      const documents = documentsOf({ ...upload, createdAt: upload.createdAt.toISOString() }, read);
      let fault: UploadFault | null = documents.length > PARTS_MAX ? 'too_large' : null;
      for (const document of fault ? [] : documents) {
        signal.throwIfAborted();
        const answer = await knowledge.sync(site, { upsert: [document], delete: [] }, { origin: 'upload' });
        fault ??= faultOf(answer);
      }
      await end(site, id, { fault, documents: documents.length });
    },
  };

  async function end(site: Site, id: string, { fault, documents }: { fault: UploadFault | null; documents: number }) {
    const outcome = fault
      ? ({ status: 'failed', fault, documents: 0 } as const)
      : ({ status: 'ready', fault, documents } as const);
    const isThere = await store.finish(site.id, id, { ...outcome, finishedAt: now() });
    if (fault || !isThere) await clear(site, id);
  }

  async function clear(site: Site, id: string): Promise<void> {
    const all = Array.from({ length: PARTS_MAX }, (_, at) => documentId(id, at));
    await knowledge.sync(site, { upsert: [], delete: all }, { origin: 'upload' });
  }
}

const documentId = (uploadId: string, at: number): string =>
  at === 0 ? `upload:${uploadId}` : `upload:${uploadId}:${at + 1}`;

const mediaTypeOf = (contentType: string) =>
  (contentType.split(';')[0] as string).trim().toLowerCase() as Upload['contentType'];

type Source = { id: string; name: string; url: string | null; locale: string | null; createdAt: string };

/** A long text becomes several documents of one title; what Markdown describes stays one. */
function documentsOf(upload: Source, { title, html, text, locale }: Extracted): DocumentUpsert[] {
  const language = upload.locale ?? locale;
  const told = {
    type: 'page' as const,
    url: upload.url ?? '',
    title: title || upload.name,
    ...(language !== null && { locale: language }),
    updatedAt: upload.createdAt,
  };
  const bodies = html === null ? partsOf(text ?? '', PART_LENGTH).map(part => ({ text: part })) : [{ html }];
  return bodies.map((body, at) => ({ externalId: documentId(upload.id, at), ...told, ...body }));
}

/** Part of a file may be empty; the whole is not. */
function faultOf({ rejected: [first] }: DocumentsResponse): UploadFault | null {
  if (!first) return null;
  return first.code === 'empty' || first.code === 'too_large' ? first.code : 'broken';
}

type Row = Awaited<ReturnType<UploadStore['list']>>[number];

const listed = ({ id, contentType, size, fault, createdAt, finishedAt, ...upload }: Row): Upload => ({
  uploadId: id,
  name: upload.name,
  contentType: mediaTypeOf(contentType),
  url: upload.url,
  locale: upload.locale,
  bytes: size,
  status: upload.status as Upload['status'],
  fault: fault === null ? null : { code: fault as UploadFault, message: uploadFaults[fault as UploadFault] },
  documents: upload.documents,
  createdAt: createdAt.toISOString(),
  finishedAt: finishedAt?.toISOString() ?? null,
});
