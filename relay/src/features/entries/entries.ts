import type { Entry, EntryPage, EntryRequest } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { AppError } from '../../lib/app-error.ts';
import { contactsIn } from '../../lib/contacts.ts';
import { type Period, pageOf, placeOf } from '../../lib/cursor.ts';
import type { Conversations } from '../conversations/index.ts';
import type { Knowledge } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import { ENTRY_CHANGED } from './jobs.ts';
import type { EntryStore, StoredEntry, WrittenEntry } from './store.ts';

export type Entries = ReturnType<typeof createEntries>;

type Deps = {
  db: Db;
  store: EntryStore;
  knowledge: Pick<Knowledge, 'sync'>;
  /** Marks the answer with this id as dealt with; false where there is none (any more). */
  handleMessage: Conversations['handle'];
  /** Adds a case to the site's test set. */
  addCase: (
    tx: Tx,
    siteId: string,
    evalCase: { question: string; locale: string | null; document: string },
  ) => Promise<void>;
  jobs: Pick<Jobs, 'enqueue' | 'wake'>;
  now: () => Date;
};

/** Under which a document of the knowledge is an entry's. */
export const documentOf = (entryId: string): string => `entry:${entryId}`;

/** What owners write for the knowledge themselves. The document follows its entry by a job, so that no crash parts them. */
export function createEntries({ db, store, knowledge, handleMessage, addCase, jobs, now }: Deps) {
  return {
    /**
     * Keeps a new entry; with `messageId` the answer that it puts right is dealt with and tried from then on. Throws 400
     * where the visitor's question comes with their address or number: no request of theirs would find it here.
     */
    async add(site: Site, { messageId, ...request }: EntryRequest): Promise<Entry> {
      const entry = { id: uuidv7(), ...written(request), createdAt: now(), updatedAt: now() };
      const { question, locale } = entry;
      if (messageId) refuseContacts(question);
      await changing(site, entry.id, async tx => {
        await store.add(tx, site.id, entry);
        if (messageId) await addCase(tx, site.id, { question, locale, document: documentOf(entry.id) });
      });
      if (messageId) await handleMessage(site, messageId);
      return readable(entry);
    },

    /** Throws 404 `not_found`. */
    async change(site: Site, id: string, { messageId: _, ...request }: EntryRequest): Promise<Entry> {
      const changed = { ...written(request), updatedAt: now() };
      await changing(site, id, async tx => {
        if (!(await store.change(tx, site.id, id, changed))) throw notFound();
      });
      const entry = await store.byId(site.id, id);
      if (!entry) throw notFound();
      return readable(entry);
    },

    /** Throws 404 `not_found`. */
    async remove(site: Site, id: string): Promise<void> {
      await changing(site, id, async tx => {
        if (!(await store.remove(tx, site.id, id))) throw notFound();
      });
    },

    /** Newest first. Throws 400 for a wrong cursor. */
    async list(
      site: Site,
      { cursor, limit, ...period }: { cursor?: string | undefined; limit: number } & Period,
    ): Promise<EntryPage> {
      const rows = await store.list(site.id, period, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: page.map(readable), nextCursor };
    },

    /** Makes the document what the entry is now, or lets it go with the entry; as often as one likes. */
    async index(site: Site, id: string): Promise<void> {
      const entry = await store.byId(site.id, id);
      const change = entry ? { upsert: [documentFor(entry)], delete: [] } : { upsert: [], delete: [documentOf(id)] };
      await knowledge.sync(site, change, { origin: 'entry', keepNewer: true });
    },
  };

  async function changing(site: Site, id: string, work: (tx: Tx) => Promise<void>): Promise<void> {
    await inTransaction(db, async tx => {
      await work(tx);
      await jobs.enqueue(ENTRY_CHANGED, { siteId: site.id, entryId: id }, { key: id, tx });
    });
    await jobs.wake(ENTRY_CHANGED);
  }
}

function refuseContacts(question: string): void {
  const { emails, phones } = contactsIn(question);
  if (emails.length + phones.length === 0) return;
  throw new AppError(
    'validation_failed',
    'The question holds an e-mail address or an international telephone number. Take it out: an entry stays when its visitor is erased.',
  );
}

const written = ({ question, answer, links, locale }: Omit<EntryRequest, 'messageId'>): WrittenEntry => ({
  question: question.trim(),
  answer: answer.trim(),
  links,
  locale: locale ?? null,
});

/** Of an entry without a link only the title can be cited. */
const documentFor = ({ id, question, answer, links, locale, updatedAt }: StoredEntry) => ({
  externalId: documentOf(id),
  type: 'faq' as const,
  url: links[0]?.url ?? '',
  title: question,
  text: [answer, ...links.map(({ title, url }) => `${title || url}: ${url}`)].join('\n'),
  ...(locale && { locale }),
  updatedAt: updatedAt.toISOString(),
});

const readable = ({ id, createdAt, updatedAt, ...entry }: StoredEntry): Entry => ({
  entryId: id,
  question: entry.question,
  answer: entry.answer,
  links: entry.links,
  locale: entry.locale,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});

export const NO_ENTRY = 'There is no such entry (any more).';

const notFound = () => new AppError('not_found', NO_ENTRY);
