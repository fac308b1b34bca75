import { setTimeout as wait } from 'node:timers/promises';
import type { SpendLimits } from '@confab/contract';
import type { Tx } from '../../db/database.ts';
import { localTimeOf } from '../../lib/local-time.ts';
import type { Log } from '../../lib/log.ts';
import { together } from '../../lib/together.ts';
import type { Tally } from '../../providers/counts/tally.ts';
import type { Budget } from '../../providers/llm/metered.ts';
import type { Reporter } from '../../providers/reporter/reporter.ts';
import type { Site } from '../sites/index.ts';
import type { Charged, Cost, UsageStore } from './store.ts';

/** At which percentages of a limit its owner is told. */
const ALERTS = [100, 80, 50] as const;

/** A call that was given up ends at once, unless its connection cannot be closed. */
const SETTLES_WITHIN_MS = 1_000;

const WORDS = {
  day: 'so many percent of a site’s limit for the day are spent',
  month: 'so many percent of a site’s limit for the month are spent',
};

const DAY_MS = 24 * 60 * 60 * 1_000;

export type SpendAlert = { period: 'day' | 'month'; name: string; percent: number };

export type SpendDeps = {
  store: UsageStore;
  /** What each network has spent on a site's day, at all processes together. */
  tally: Pick<Tally, 'add' | 'known'>;
  now: () => Date;
  log: Log;
  report: Reporter['report'];
  /** Hears of a limit that is near or reached, in the transaction that remembers it. */
  onAlert?: (tx: Tx, site: Site, alert: SpendAlert) => Promise<void>;
};

/** Whose money an answer spends, beside the site's. */
export type Spender = {
  /** The stored conversation; none of a visitor who declined. */
  conversationId: string | null;
  /** Of the visitor's address, what stands for one place. It is kept nowhere but in memory. None of an owner. */
  network: string | null;
};

type Period = { day: string; month: string };

/** What answers cost each site, and that it stays within the owner's limits. */
export function createSpend({ store, tally, now, log, report, onAlert = async () => {} }: SpendDeps) {
  /** Answers of one site that end together are paid together: all of them change the same two rows. */
  const addSpent = together<Cost & { siteId: string }>(costs =>
    store.addSpent((costs[0] as Cost & { siteId: string }).siteId, costs),
  );

  /** What is being written of what was set aside, which nobody waited for. */
  const underWay = new Set<Promise<number>>();

  /** Resolves to what was written of it, which is nothing where the database refused. */
  function setAside(siteId: string, cost: Omit<Cost & { siteId: string }, 'siteId'>): Promise<number> {
    const written: Promise<number> = addSpent(siteId, { ...cost, siteId })
      .then(
        () => cost.micros,
        () => 0,
      )
      .finally(() => underWay.delete(written));
    underWay.add(written);
    return written;
  }

  async function settleLater(written: Promise<number> | undefined, rest: (put: number) => Cost & { siteId: string }) {
    const cost = rest((await written) ?? 0);
    await addSpent(cost.siteId, cost);
  }

  const periodOf = (site: Site): Period => {
    const day = localTimeOf(now(), site.settings.timezone).date;
    return { day, month: day.slice(0, 7) };
  };
  const visitorOf = (site: Site, network: string, { day }: Period) => `spent ${site.id} ${day} ${network}`;

  return {
    /**
     * What pays for one answer. A reservation that nobody settles, as after a crash, stays spent; one that is settled
     * after midnight is of the day that it was made on.
     */
    budgetOf(site: Site, { conversationId, network }: Spender): Budget {
      const limits = limitsOf(site.settings.limits.spend);
      // Where the site has no limit of its own, no answer waits for the rows that all its answers share.
      const isLimited = limits.perDay !== Infinity || limits.perMonth !== Infinity;
      let spent = 0;
      let held = 0;
      let isExhausted = false;
      /** The calls that are not settled yet. */
      const open = new Set<Promise<void>>();

      function refuse(): undefined {
        isExhausted = true;
      }

      return {
        async reserve(micros) {
          const period = periodOf(site);
          const visitor = network === null ? undefined : visitorOf(site, network, period);
          if (micros > 0 && spent + held + micros > limits.perAnswer) return refuse();
          /** Gives what the visitor has spent then. */
          const change = async (by: number) => {
            const allowance = { most: limits.perVisitorDay, windowMs: DAY_MS };
            return visitor && by !== 0 ? (await tally.add(visitor, by, allowance)).points : 0;
          };
          held += micros;
          if ((await change(micros)) > limits.perVisitorDay) {
            held -= micros;
            await change(-micros);
            return refuse();
          }
          const charge = { siteId: site.id, conversationId, ...period };
          let isPaid = false;
          let aside = 0;
          let written: Promise<number> | undefined;
          try {
            if (!isLimited) {
              const most = limits.perConversation;
              const mustAsk = micros > 0 && conversationId !== null && most !== Infinity;
              isPaid = !mustAsk || (await store.setAside(site.id, conversationId, micros, most));
              aside = mustAsk && isPaid ? micros : 0;
              // Nobody waits for this: no limit hangs on it.
              if (isPaid && micros > 0) written = setAside(site.id, { ...charge, micros, ofConversation: 0 });
            } else {
              const charged = micros > 0 ? await store.charge({ ...charge, micros, limits }) : undefined;
              isPaid = !charged || !('refusedBy' in charged);
              if (charged && !isPaid) await tellOwner(site, period, charged);
            }
          } finally {
            if (!isPaid) {
              held -= micros;
              await change(-micros);
            }
          }
          if (!isPaid) return refuse();

          const settled = Promise.withResolvers<void>();
          open.add(settled.promise);
          return {
            async settle(cost) {
              held -= micros;
              spent += cost;
              await change(cost - micros);
              if (micros > 0 || cost > 0) {
                await keep(() =>
                  isLimited
                    ? store.charge({ ...charge, micros: cost - micros }).then(paid => tellOwner(site, charge, paid))
                    : settleLater(written, put => ({ ...charge, micros: cost - put, ofConversation: cost - aside })),
                );
              }
              open.delete(settled.promise);
              settled.resolve();
            },
          };
        },
        get isExhausted() {
          return isExhausted;
        },
        async total() {
          const patience = new AbortController();
          const tooLong = wait(SETTLES_WITHIN_MS, undefined, { signal: patience.signal }).catch(() => {});
          await Promise.race([Promise.all(open), tooLong]);
          patience.abort();
          return spent + held;
        },
      };

      /** An answer that is there already does not fail for its bill. */
      async function keep(settle: () => Promise<void>): Promise<void> {
        try {
          await settle();
        } catch (error) {
          log.warn({ err: error, siteId: site.id }, 'a cost was not settled; what was reserved for it stays spent');
          report(error, { siteId: site.id });
        }
      }
    },

    /** How much of the day's limit a network has spent, from 0 to 1, as far as this process knows. */
    shareOf(site: Site, network: string): number {
      const { perVisitorDay } = limitsOf(site.settings.limits.spend);
      return Math.max(0, tally.known(visitorOf(site, network, periodOf(site)))) / Math.max(1, perVisitorDay);
    },

    /** What the site has spent today and this month, what is reserved at this moment included. */
    async ofThisPeriod(site: Site) {
      await Promise.all(underWay);
      const period = periodOf(site);
      const { perDay, perMonth } = site.settings.limits.spend;
      const rows = await store.spendOf(site.id, Object.values(period));
      const shown = (name: string, limitUsd: number | null) => {
        const { micros = 0, alerted = 0 } = rows.get(name) ?? {};
        return { period: name, usd: micros / 1e6, limitUsd, alerted };
      };
      return { day: shown(period.day, perDay), month: shown(period.month, perMonth) };
    },
  };

  /** Tells the owner at each percentage of a limit, once in its period. */
  async function tellOwner(site: Site, period: Period, charged: Charged): Promise<void> {
    const { perDay, perMonth } = limitsOf(site.settings.limits.spend);
    for (const [which, limit] of [['day', perDay] as const, ['month', perMonth] as const]) {
      const percent =
        'refusedBy' in charged
          ? charged.refusedBy === which && 100
          : ALERTS.find(each => charged[which].alerted < each && charged[which].micros * 100 >= limit * each);
      if (!percent) continue;
      const alert = { period: which, name: period[which], percent };
      if (!(await store.alert(site.id, period[which], percent, tx => onAlert(tx, site, alert)))) continue;
      log.warn({ siteId: site.id, count: percent }, WORDS[which]);
    }
  }
}

export type Limits = Record<keyof SpendLimits, number>;

/** In millionths of a dollar; what has no limit has one that nobody reaches. */
function limitsOf(spend: SpendLimits): Limits {
  const micros = (dollars: number | null) => (dollars === null ? Infinity : Math.round(dollars * 1e6));
  return {
    perAnswer: micros(spend.perAnswer),
    perConversation: micros(spend.perConversation),
    perVisitorDay: micros(spend.perVisitorDay),
    perDay: micros(spend.perDay),
    perMonth: micros(spend.perMonth),
  };
}
