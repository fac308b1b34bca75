import type { AccountExport } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { AppError } from '../../lib/app-error.ts';
import type { AccountMails } from '../accounts/index.ts';
import type { Consent } from '../consent/index.ts';
import type { Sites } from '../sites/index.ts';
import { contentsOf } from './contents.ts';
import { MAKE } from './jobs.ts';
import { type ExportStore, PIECE_BYTES, type StoredExport } from './store.ts';
import { zipOf } from './zip.ts';

/** How long an archive may be fetched. */
const VALID_MS = 24 * 60 * 60 * 1_000;

export type Exports = ReturnType<typeof createExports>;

type Deps = {
  db: Db;
  store: ExportStore;
  sites: Pick<Sites, 'byId'>;
  consent: Pick<Consent, 'log'>;
  jobs: Pick<Jobs, 'enqueue' | 'wake'>;
  mails: Pick<AccountMails, 'add' | 'wake'>;
  /** Takes what was deleted out of the files, where these are ours. */
  forgetDeleted: () => Promise<void>;
  now: () => Date;
};

/** Archives of everything that an account has: made by a job, kept for a day. */
export function createExports({ db, store, jobs, now, ...deps }: Deps) {
  return {
    /** Has one made, unless one is being made: then that one. Those before are deleted. */
    async request(accountId: string, requestedBy: string): Promise<AccountExport> {
      const row = await inTransaction(db, async tx => {
        await store.lockAccount(tx, accountId);
        const underWay = await store.underWay(tx, accountId);
        if (underWay) return underWay;
        const at = now();
        const id = uuidv7();
        const made: StoredExport = {
          accountId,
          id,
          requestedBy,
          status: 'making',
          bytes: null,
          completedAt: null,
          createdAt: at,
          expiresAt: laterThan(at),
        };
        await store.add(tx, made);
        await jobs.enqueue(MAKE, { accountId, exportId: id }, { key: id, tx });
        return made;
      });
      await jobs.wake(MAKE);
      return told(row);
    },

    list: async (accountId: string): Promise<AccountExport[]> => (await store.list(accountId)).map(told),

    /** The archive in pieces. Throws 404 where there is none that can be fetched (any more). */
    async archive(
      accountId: string,
      id: string,
    ): Promise<{ bytes: number; createdAt: Date; pieces: AsyncIterable<Buffer> }> {
      const row = await store.find(accountId, id);
      if (row?.status !== 'ready' || !row.expiresAt || row.expiresAt <= now()) {
        throw new AppError('not_found', 'There is no such archive (any more): one is kept for a day. Ask for another.');
      }
      return { bytes: Number(row.bytes), createdAt: row.createdAt, pieces: piecesOf(accountId, id) };
    },

    /** Makes the archive, from the beginning if it was begun before; nothing where nobody waits for it any more. */
    async make(accountId: string, id: string, signal: AbortSignal): Promise<void> {
      const name = await store.accountName(accountId);
      const row = await store.find(accountId, id);
      if (name === undefined || row?.status !== 'making') return;
      await store.removePieces(accountId, id);
      const files = contentsOf({ store, now, ...deps }, { accountId, name }, signal);
      let [ordinal, bytes] = [0, 0];
      for await (const piece of inPieces(zipOf(files, now()))) {
        if (!(await store.addPiece(accountId, id, ordinal, piece))) return;
        ordinal += 1;
        bytes += piece.length;
      }
      await end(row, 'ready', BigInt(bytes));
    },

    /** Says of an archive that could not be made that there will be none. */
    async giveUp(accountId: string, id: string): Promise<void> {
      const row = await store.find(accountId, id);
      if (row?.status !== 'making') return;
      await end(row, 'failed', null);
      await store.removePieces(accountId, id);
    },

    /** Deletes the archives that are past their time. */
    async purge(): Promise<void> {
      if ((await store.removeExpired(now())) > 0) await deps.forgetDeleted();
    },
  };

  async function end({ accountId, id, requestedBy }: StoredExport, status: 'ready' | 'failed', bytes: bigint | null) {
    const completedAt = now();
    await inTransaction(db, async tx => {
      const outcome = { status, bytes, completedAt, expiresAt: laterThan(completedAt) };
      const isWanted = await store.finish(tx, accountId, id, outcome);
      const person = isWanted && status === 'ready' ? await store.person(tx, accountId, requestedBy) : undefined;
      if (person) await deps.mails.add(tx, { kind: 'export_ready', ...person });
    });
    await deps.mails.wake();
  }

  async function* piecesOf(accountId: string, id: string): AsyncGenerator<Buffer> {
    for (let ordinal = 0; ; ordinal += 1) {
      const piece = await store.piece(accountId, id, ordinal);
      if (!piece) return;
      yield piece;
    }
  }
}

const laterThan = (at: Date): Date => new Date(at.getTime() + VALID_MS);

/** The same bytes in pieces of about one size. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < PIECE_BYTES) continue;
    yield Buffer.concat(waiting);
    [waiting, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(waiting);
}

const told = ({ id, status, bytes, createdAt, completedAt, expiresAt }: StoredExport): AccountExport => ({
  exportId: id,
  status: status as AccountExport['status'],
  bytes: bytes === null ? null : Number(bytes),
  createdAt: createdAt.toISOString(),
  completedAt: completedAt?.toISOString() ?? null,
  expiresAt: (expiresAt ?? laterThan(createdAt)).toISOString(),
});
