import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import { NotYet } from '../../jobs/jobs.ts';
import type { Log } from '../../lib/log.ts';
import type { Cashier } from '../../providers/payments/cashier.ts';
import type { AccountMails } from '../accounts/index.ts';
import type { Sites } from '../sites/index.ts';
import type { Teams } from '../teams/index.ts';
import type { Prices } from './prices.ts';
import { isLive, isSameStanding, type Notice, newsIn, planNow, standingOf, untold } from './standing.ts';
import type { BillingStore } from './store.ts';

/** So often somebody else may write what stands while we ask. */
const TRIES = 5;

export type Refresh = ReturnType<typeof createRefresh>;

type Deps = {
  db: Db;
  store: BillingStore;
  cashier: Cashier;
  prices: Prices;
  tellOwners: Teams['tellOwners'];
  mails: Pick<AccountMails, 'wake'>;
  sites: Pick<Sites, 'forgetCached'>;
  log: Log;
  now: () => Date;
};

/**
 * Asks the cashier what an account pays for, and writes it: what stands, the plan, what was billed, and the mails that
 * come of it, all or nothing. However many do so at once, and in whichever order the answers come, what was asked for last
 * stays: whoever finds that somebody wrote since they began to ask, asks again. Tells whether it was otherwise before.
 */
export function createRefresh({ db, store, cashier, prices, tellOwners, mails, sites, log, now }: Deps) {
  return async (accountId: string, { isComparison = false } = {}): Promise<'same' | 'changed' | 'gone'> => {
    for (let tries = TRIES; tries > 0; tries -= 1) {
      const outcome = await once(accountId, isComparison);
      if (outcome !== 'overtaken') return outcome;
    }
    throw new NotYet('others are writing what the account pays for');
  };

  async function once(accountId: string, isComparison: boolean): Promise<'same' | 'changed' | 'gone' | 'overtaken'> {
    const before = await store.find(accountId);
    if (!before) return 'gone';
    const { customerId } = before;
    const [sold, subscriptions, invoices] = await Promise.all([
      prices.all(),
      cashier.subscriptionsOf(customerId),
      cashier.invoicesOf(customerId),
    ]);
    if ((subscriptions ?? []).filter(isLive).length > 1) {
      log.warn({ accountId }, 'an account has several subscriptions at Stripe; end all but one there');
    }
    const at = now();
    const standing = standingOf(subscriptions ?? [], { sold, former: before, now: at });
    const plan = planNow(standing, at);
    const news = newsIn(standing, at);
    const done = await inTransaction(db, async tx => {
      const account = await store.lock(tx, accountId);
      const row = account && (await store.find(accountId, tx));
      if (!account || !row) return { outcome: 'gone' as const };
      if (+row.checkedAt !== +before.checkedAt || row.customerId !== customerId)
        return { outcome: 'overtaken' as const };
      const isSame = isSameStanding(row, standing) && account.plan === plan;
      await store.write(tx, accountId, {
        standing,
        told: news,
        // Another one each time, whatever the clock says.
        checkedAt: new Date(Math.max(+at, +row.checkedAt + 1)),
        ...(isComparison && !isSame && { differedAt: at }),
      });
      if (account.plan !== plan) await store.setPlan(tx, accountId, plan);
      await store.record(tx, accountId, customerId, invoices);
      const told = untold(news, row.told);
      for (const [kind, moment] of told) {
        await tellOwners(tx, accountId, accountName => ({ ...mailOf(kind, moment), accountId, accountName }));
      }
      return {
        outcome: isSame ? ('same' as const) : ('changed' as const),
        isMailed: told.length > 0,
        planChanged: account.plan !== plan,
      };
    });
    if (done.planChanged) sites.forgetCached();
    if (done.isMailed) await mails.wake();
    return done.outcome;
  }
}

const mailOf = (kind: Notice, moment: string) =>
  kind === 'payment_failed' ? { kind, until: moment } : { kind, at: moment };
