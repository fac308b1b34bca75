import type { SiteResponse } from '@confab/contract';
import type { Tx } from '../../db/database.ts';
import { together } from '../../lib/together.ts';
import type { Site } from '../sites/index.ts';
import { createAccountLimits, type LimitAlert } from './account-limits.ts';
import type { DayCounts } from './day-counts.ts';
import { monthOf } from './months.ts';
import { createSpend, type SpendDeps } from './spend.ts';
import type { Count } from './store.ts';
import { answersLimitOf, createTurnUse } from './turn-use.ts';

export type Usage = ReturnType<typeof createUsage>;

type Deps = SpendDeps & {
  counts: Pick<DayCounts, 'add'>;
  /** Whether accounts pay for plans; else nothing limits them but what their owners set themselves. */
  sellsPlans: boolean;
  /** Hears of an account's limit that is near or reached, in the transaction that remembers it. */
  onLimit?: (tx: Tx, alert: LimitAlert) => Promise<void>;
  /** Hears that a turn goes without a model, and by whose limit. */
  onRefused?: (by: 'plan' | 'owner') => void;
};

/**
 * What sites and accounts use, within what they may: as numbers only, which of a visitor who declined is all that is left.
 */
export function createUsage(deps: Deps) {
  const { store, counts, now } = deps;
  const spend = createSpend(deps);
  const accounts = createAccountLimits(deps);
  const turns = createTurnUse({ store, accounts, counts, onRefused: deps.onRefused, now });
  const countTogether = together<Count>(all => store.count(all.reduce(sumOf)));
  return {
    budgetOf: spend.budgetOf,
    shareOf: spend.shareOf,

    beginning: turns.beginning,
    turnOf: turns.turnOf,
    trialOf: turns.trialOf,

    /** Counts what a turn used whose answer is kept nowhere. Turns of one site that end together are counted together. */
    count: (count: Count): Promise<void> =>
      countTogether(`${count.siteId} ${count.accountId} ${count.periodStart.toISOString()}`, count),

    requireFeature: accounts.requireFeature,
    requireSeat: accounts.requireSeat,
    fullOfSites: accounts.fullOfSites,
    ofAccount: accounts.ofAccount,
    noticesOf: accounts.noticesOf,

    /** Somebody asked something, whoever answers it. */
    countTurn: (siteId: string): void => counts.add(siteId, 'turns'),

    async ofThisPeriod(site: Site): Promise<SiteResponse['usage']> {
      const periodStart = monthOf(now());
      const [counted, spent] = await Promise.all([store.of(site.id, periodStart), spend.ofThisPeriod(site)]);
      return { periodStart: periodStart.toISOString(), ...counted, answersLimit: answersLimitOf(site), spend: spent };
    },
  };
}

/** Of counts of the same site, account and month. */
const sumOf = (one: Count, other: Count): Count => ({
  ...one,
  conversations: one.conversations + other.conversations,
  answers: one.answers + other.answers,
  modelAnswers: one.modelAnswers + other.modelAnswers,
  begun: one.begun + other.begun,
  messages: one.messages + other.messages,
  costMicros: one.costMicros + other.costMicros,
});
