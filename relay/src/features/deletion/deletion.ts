import type { AccountDeletion } from '@confab/contract';
import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Log } from '../../lib/log.ts';
import type { Live } from '../../live/live.ts';
import type { Accounts } from '../accounts/index.ts';
import type { Connect } from '../connect/index.ts';
import type { Sites } from '../sites/index.ts';
import type { Teams } from '../teams/index.ts';
import type { DeletionStore } from './store.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long an owner may think better of it, and export everything. */
const GRACE_MS = 14 * DAY_MS;
/** What a legal hold keeps is looked at again after this. */
const HELD_MS = DAY_MS;

export type Deletion = ReturnType<typeof createDeletion>;

type Deps = {
  db: Db;
  store: DeletionStore;
  sites: Pick<Sites, 'byId' | 'forgetCached'>;
  connect: Pick<Connect, 'disconnect'>;
  accounts: Pick<Accounts, 'mails' | 'confirmPassword' | 'deleteUser'>;
  /** Has the account pay for nothing any more; throws where that has to be tried again. */
  endBilling: (accountId: string) => Promise<void>;
  tellOwners: Teams['tellOwners'];
  live: Pick<Live, 'tell'>;
  /** Takes what was deleted out of the files, where these are ours. */
  forgetDeleted: () => Promise<void>;
  log: Log;
  now: () => Date;
};

/** The end of an account: asked for, waited for, and carried out. */
export function createDeletion({
  db,
  store,
  sites,
  connect,
  accounts,
  endBilling,
  tellOwners,
  live,
  log,
  now,
  ...deps
}: Deps) {
  const { mails } = accounts;

  return {
    /** Throws 404 where the account is gone. */
    async state(accountId: string): Promise<AccountDeletion> {
      const account = await store.find(accountId);
      if (!account) throw gone();
      const { deleteAt } = account;
      return { deleteAt: deleteAt?.toISOString() ?? null, heldSites: await store.heldSites(accountId) };
    },

    /** The account is deleted when the grace is over, unless somebody stops it; every owner is told. Twice is as once. */
    async plan(accountId: string, userId: string, password: string): Promise<AccountDeletion> {
      await accounts.confirmPassword(userId, password);
      await inTransaction(db, async tx => {
        const account = await store.lock(tx, accountId);
        if (!account) throw gone();
        if (account.deleteAt) return;
        const deleteAt = new Date(now().getTime() + GRACE_MS);
        await store.setEnd(tx, accountId, deleteAt);
        await tellOwners(tx, accountId, accountName => ({
          kind: 'deletion_planned',
          accountName,
          deleteAt: deleteAt.toISOString(),
        }));
      });
      await mails.wake();
      return this.state(accountId);
    },

    /** The account stays; every owner is told. */
    async stop(accountId: string): Promise<void> {
      await inTransaction(db, async tx => {
        const account = await store.lock(tx, accountId);
        if (!account) throw gone();
        if (!account.deleteAt) return;
        await store.setEnd(tx, accountId, null);
        await tellOwners(tx, accountId, accountName => ({ kind: 'deletion_stopped', accountName }));
      });
      await mails.wake();
    },

    /** Gives the accounts whose end has come to `found`. */
    async sweep(found: (accountId: string) => Promise<void>): Promise<void> {
      for (const accountId of await store.due(now())) await found(accountId);
    },

    /**
     * Deletes an account whose end has come: each site by itself, then the rest at once, so that what was begun is ended
     * by the next try. Of a site that a legal hold keeps the widget falls silent, and the account stays for another day.
     */
    async carryOut(accountId: string, signal: AbortSignal): Promise<void> {
      let isHeld = false;
      for (const siteId of await store.siteIdsOf(accountId)) {
        signal.throwIfAborted();
        if (!(await isDue(accountId))) return;
        isHeld = (await eraseSite(siteId)) === 'held' || isHeld;
      }
      // Nobody pays on for what is gone, also where a legal hold keeps the account; and none of it waits for the cashier.
      if (await isDue(accountId)) await endBilling(accountId);
      const outcome = await inTransaction(db, async tx => {
        const account = await store.lock(tx, accountId);
        if (!account?.deleteAt || account.deleteAt > now()) return 'not due';
        if (isHeld) {
          await store.setEnd(tx, accountId, new Date(now().getTime() + HELD_MS));
          return 'held';
        }
        // One that came while the others were erased; the next try takes it along.
        if (await store.hasSite(tx, accountId)) return 'not due';
        const members = await store.membersOf(tx, accountId);
        await tellOwners(tx, accountId, accountName => ({ kind: 'account_deleted', accountName }));
        await store.remove(tx, accountId);
        for (const userId of await store.lone(tx, members)) await accounts.deleteUser(tx, userId);
        for (const userId of members) await live.tell(`user ${userId}`, { type: 'access_changed' }, tx);
        return 'deleted';
      });
      if (outcome === 'held') log.warn({ accountId }, 'an account is not deleted yet: a legal hold keeps data of it');
      if (outcome !== 'deleted') return;
      sites.forgetCached();
      await deps.forgetDeleted();
      await mails.wake();
    },
  };

  async function isDue(accountId: string): Promise<boolean> {
    const deleteAt = (await store.find(accountId))?.deleteAt;
    return deleteAt instanceof Date && deleteAt <= now();
  }

  async function eraseSite(siteId: string): Promise<'erased' | 'held'> {
    const site = await sites.byId(siteId);
    if (!site) return 'erased';
    try {
      await connect.disconnect(site, { erase: true });
      return 'erased';
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'legal_hold') throw error;
      await connect.disconnect(site, { erase: false });
      return 'held';
    }
  }
}

const gone = () => new AppError('account_not_found', 'There is no such account, or none that you belong to.');
