import { DATA_REQUEST_DAYS, type DataRequest, type DataRequestPage, type PersonalDataDocument } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { AppError } from '../../lib/app-error.ts';
import { type Period, pageOf, placeOf } from '../../lib/cursor.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Site } from '../sites/index.ts';
import { checkChanges, identifiersOf } from './identifiers.ts';
import type { LegalHolds } from './legal-holds.ts';
import type { Changes, Counts, Found, Identifiers, PersonalData, Subject } from './personal-data.ts';
import type { DataRequestSource, RequestRow, RequestStore } from './store.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A request that has been under way for longer than this was cut by a crash. */
const CUT_AFTER_MS = 2 * 60 * 1_000;
const RESUMED_AT_ONCE = 100;

/** What has to be done, as it is kept (encrypted) until it is done. */
type Work = { identifiers: Identifiers; changes: Changes & { restricted?: boolean | undefined } };

export type NewDataRequest = {
  type: DataRequest['type'];
  source: DataRequestSource;
  identifiers: Identifiers;
  changes?: DataRequest['changes'];
  reference?: string | undefined;
};

export type Privacy = ReturnType<typeof createPrivacy>;

type Deps = {
  db: Db;
  store: RequestStore;
  owners: readonly PersonalData[];
  legalHolds: LegalHolds;
  siteById: (id: string) => Promise<Site | undefined>;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt'>;
  /** Hears of `data_request.completed`. */
  emit: Outbox['emit'];
  now: () => Date;
  /** Ends the answers that are being written in conversations that are gone. */
  endAnswers: (conversationIds: string[]) => void;
  /** Takes what was deleted out of the files, where these are ours. */
  forgetDeleted: () => Promise<void>;
};

/** The one engine of all data requests, wherever they come from. */
export function createPrivacy(deps: Deps) {
  const { db, store, owners, legalHolds, keyring, now } = deps;

  return {
    identifiersOf: (site: Site, subject: DataRequest['subject']) => identifiersOf(subject, site.settings.country),

    /**
     * Does what a person asks for, and keeps a record of it that says nothing about whom. A change or an erasure is one
     * transaction; one that a crash cut is done again later. Throws 400 for a request that makes no sense, and 409
     * `subject_ambiguous` where its identifiers are of different people: nothing is changed then.
     */
    async request(site: Site, request: NewDataRequest) {
      checkRequest(site, request);
      const subject = await subjectOf(site, request.identifiers);
      const receivedAt = now();
      const row = {
        id: uuidv7(),
        type: request.type,
        source: request.source,
        reference: request.reference ?? null,
        receivedAt,
        dueAt: new Date(receivedAt.getTime() + DATA_REQUEST_DAYS * DAY_MS),
      };
      const work: Work = { identifiers: request.identifiers, changes: request.changes ?? {} };
      const sealed = keyring.encrypt(JSON.stringify(work), contextOf(site.id, row.id));
      const outcome = await (isReading(request.type)
        ? // Nobody waits any more for an answer that a crash cut: a reading leaves no record then, and is asked again.
          inTransaction(db, async tx => {
            await store.receive(tx, site.id, { ...row, sealed });
            return perform(tx, site, row.id, subject);
          })
        : store.receive(db, site.id, { ...row, sealed }).then(() => carryOut(site, row.id, subject)));
      if (!outcome)
        throw new AppError('unavailable', 'This request is being worked on. See the list of data requests.');
      return { ...summaryOf(outcome.request), result: outcome.result };
    },

    /**
     * Everything that is held about whom the identifiers lead to. No record is kept of it: for who reads what is their
     * own, and for a document of a request that has its record. Throws 409 `subject_ambiguous`.
     */
    async documentOf(site: Site, identifiers: Identifiers): Promise<PersonalDataDocument> {
      return documentOf(db, site, await subjectOf(site, identifiers));
    },

    /** The requests of a site, newest first; throws 400 for a cursor that is none. */
    async list(
      site: Site,
      { cursor, limit, ...period }: { cursor?: string | undefined; limit: number } & Period,
    ): Promise<DataRequestPage> {
      const rows = await store.list(site.id, period, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ receivedAt }) => receivedAt);
      return {
        items: page.map(row => ({
          ...summaryOf(row),
          overdue: row.status !== 'completed' && row.dueAt < now(),
          counts: row.counts,
          retained: row.retained,
          events: row.events,
        })),
        nextCursor,
      };
    },

    /** What was done in a request, and nothing about whom. Nothing where it is not done, or its record is gone. */
    async completed(site: Site, id: string) {
      const row = await store.byId(site.id, id);
      if (!row?.completedAt) return undefined;
      const { dataRequestId, type, source, receivedAt } = summaryOf(row);
      const completedAt = row.completedAt.toISOString();
      return { dataRequestId, type, source, receivedAt, completedAt, counts: row.counts, retained: row.retained };
    },

    /** Ends what a crash or a fault cut. Safe to run anywhere at any time; one that fails again does not stop the others. */
    async resume(): Promise<void> {
      const before = new Date(now().getTime() - CUT_AFTER_MS);
      const faults: unknown[] = [];
      for (const { siteId, id } of await store.unfinished(before, RESUMED_AT_ONCE)) {
        const site = await deps.siteById(siteId);
        if (!site) continue;
        await store.note(siteId, id, { at: now().toISOString(), event: 'interrupted' });
        await carryOut(site, id).catch(error => faults.push(error));
      }
      if (faults.length > 0) throw new AggregateError(faults, `${faults.length} data requests could not be resumed`);
    },
  };

  /** The request's work, once: where somebody else has done it meanwhile, nothing is done again. */
  async function carryOut(site: Site, id: string, known?: Subject) {
    const outcome = await inTransaction(db, tx => perform(tx, site, id, known));
    if (!outcome) return undefined;
    const { request, subject } = outcome;
    if (request.type === 'erasure') {
      deps.endAnswers(subject.conversationIds.filter(each => !subject.heldConversationIds.includes(each)));
    }
    if (request.type !== 'restriction') await deps.forgetDeleted();
    return outcome;
  }

  async function perform(tx: Tx, site: Site, id: string, known?: Subject) {
    const row = await store.claim(tx, site.id, id);
    if (!row?.keyId || !row.ciphertext) return undefined;
    const sealed = { keyId: row.keyId, ciphertext: row.ciphertext };
    const { identifiers, changes } = JSON.parse(keyring.decrypt(sealed, contextOf(site.id, id))) as Work;
    await legalHolds.freeze(tx, site.id);
    const found = known ?? (await subjectOf(site, identifiers, tx));
    const subject = { ...found, heldConversationIds: await legalHolds.heldOf(tx, site.id, found.conversationIds) };
    const result = await resultOf(tx, site, row, subject, changes);
    const retained = 'retained' in result ? result.retained : {};
    const request = await store.complete(tx, row, { counts: result.counts, retained, at: now() });
    await deps.emit(tx, { siteId: site.id, type: 'data_request.completed', subjectId: id });
    return { request, result, subject };
  }

  async function resultOf(tx: Tx, site: Site, { type }: RequestRow, subject: Subject, changes: Work['changes']) {
    if (isReading(type)) return documentOf(tx, site, subject);
    if (type === 'restriction') {
      const at = changes.restricted === false ? null : now();
      return { counts: await sum(owner => owner.restrict(tx, site, subject, at)), retained: {} };
    }
    // A site that is held as a whole is left as it is; else each owner spares the conversations that are held.
    const isHeld = await legalHolds.holdsSite(tx, site.id);
    const change = (owner: PersonalData): Promise<Counts> | Counts => {
      if (isHeld) return {};
      if (type === 'erasure') return owner.erase(tx, site, subject);
      return owner.rectify(tx, site, subject, changes);
    };
    const counts = await sum(change);
    // After an erasure, whatever can still be found is what was retained; a rectification retains what is held.
    const left = type === 'erasure' || isHeld ? subject : { ...nobody, conversationIds: subject.heldConversationIds };
    return { counts, retained: await countsOf(tx, site, left) };
  }

  /** One after the other, as they share the transaction's connection. */
  async function sum(work: (owner: PersonalData) => Promise<Counts> | Counts): Promise<Counts> {
    const all: Counts[] = [];
    for (const owner of owners) all.push(await work(owner));
    return Object.assign({}, ...all);
  }

  async function documentOf(tx: Tx, site: Site, subject: Subject): Promise<PersonalDataDocument> {
    const data: Record<string, object[]> = {};
    for (const owner of owners) {
      if (owner.export) data[owner.name] = await owner.export(tx, site, subject);
    }
    return {
      format: 'confab-personal-data/1',
      generatedAt: now().toISOString(),
      site: { key: site.key, name: site.settings.name },
      counts: lengthsOf(data),
      data: data as PersonalDataDocument['data'],
    };
  }

  async function countsOf(tx: Tx, site: Site, subject: Subject): Promise<Counts> {
    const { counts } = await documentOf(tx, site, subject);
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  /** Follows the identifiers to every conversation of the person. Throws 409 where they lead to different people. */
  async function subjectOf(site: Site, identifiers: Identifiers, tx: Tx = db): Promise<Subject> {
    const found: Found[] = [];
    for (const owner of owners) found.push(await owner.find(tx, site, identifiers));
    const contacts = found.flatMap(({ contacts }) => contacts);
    if (areDifferentPeople(identifiers, contacts)) {
      throw new AppError(
        'subject_ambiguous',
        'The e-mail address and the phone number belong to different people. Nothing was changed: send one request for each.',
      );
    }
    const conversationIds = [...new Set(found.flatMap(each => each.conversationIds))];
    return { ...identifiers, conversationIds, heldConversationIds: [] };
  }
}

/**
 * Whether the records contradict each other: none has both the address and the number, while one of them stands beside
 * another number or another address. Without such evidence the two are taken for one person's.
 */
function areDifferentPeople({ email, phone }: Identifiers, contacts: Found['contacts']): boolean {
  if (email === undefined || phone === undefined) return false;
  const byEmail = contacts.filter(({ emails }) => emails.includes(email));
  const byPhone = contacts.filter(({ phones }) => phones.includes(phone));
  if (byEmail.length === 0 || byPhone.length === 0) return false;
  if (byEmail.some(({ phones }) => phones.includes(phone))) return false;
  return byEmail.some(({ phones }) => phones.length > 0) || byPhone.some(({ emails }) => emails.length > 0);
}

function checkRequest(site: Site, { type, changes }: NewDataRequest): void {
  const { restricted, ...details } = changes ?? {};
  const given = Object.values(details).filter(value => value !== undefined).length;
  const wrong = (message: string): never => {
    throw new AppError('validation_failed', `"changes" ${message}.`, { errors: [{ path: 'changes', message }] });
  };
  if (type === 'rectification' && given === 0) wrong('is missing: say what the name, email or phone shall be');
  if (type !== 'rectification' && given > 0) wrong('with contact details belongs to a rectification');
  if (type !== 'restriction' && restricted !== undefined) wrong('with "restricted" belongs to a restriction');
  checkChanges(details, site.settings.country);
}

const nobody = { heldConversationIds: [] };

const isReading = (type: DataRequest['type']): boolean => type === 'access' || type === 'portability';

function summaryOf({ id, type, source, reference, status, receivedAt, dueAt, completedAt }: RequestRow) {
  return {
    dataRequestId: id,
    type,
    source,
    reference,
    status,
    receivedAt: receivedAt.toISOString(),
    dueAt: dueAt.toISOString(),
    completedAt: completedAt?.toISOString() ?? null,
  };
}

const lengthsOf = (data: Record<string, object[]>): Counts =>
  Object.fromEntries(Object.entries(data).map(([name, rows]) => [name, rows.length]));

const contextOf = (siteId: string, requestId: string) => `${siteId}:data-request:${requestId}`;
