import type { BillingResponse, Plan, PlanFeature, PlanLimits } from '@confab/contract';
import { LRUCache } from 'lru-cache';
import type { Tx } from '../../db/database.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Log } from '../../lib/log.ts';
import type { Reporter } from '../../providers/reporter/reporter.ts';
import type { Site } from '../sites/index.ts';
import { monthOf, nextMonthOf } from './months.ts';
import { planOf } from './plans.ts';
import type { Begun, UsageStore } from './store.ts';

/** At which percentages of a limit its owners are told. */
const ALERTS = [100, 80] as const;
const NEAR_PERCENT = 80;

/** Accounts of which this process knows that they were told; of another one the database says so. */
const TOLD_MAX = 10_000;

const WORDS = {
  80: 'an account has used 80 percent of its conversations of the month',
  100: 'an account has used its conversations of the month',
};

/** A limit of an account that is near or reached. */
export type LimitAlert = {
  accountId: string;
  limit: 'conversations';
  percent: (typeof ALERTS)[number];
  used: number;
  most: number;
  resetsAt: string;
};

export type AccountUse = BillingResponse['usage'];
export type LimitNotice = {
  kind: 'limit_near' | 'limit_reached';
  limit: 'conversations' | 'sites' | 'seats';
  until: string | null;
};

export type AccountLimits = ReturnType<typeof createAccountLimits>;

type Deps = {
  store: UsageStore;
  /** Whether accounts pay for plans; else nothing limits them but what their owners set themselves. */
  sellsPlans: boolean;
  now: () => Date;
  log: Log;
  report: Reporter['report'];
  /** Hears of a limit that is near or reached, in the transaction that remembers it. */
  onLimit?: (tx: Tx, alert: LimitAlert) => Promise<void>;
};

/** What the plans of accounts allow, what is used of it, and that their owners know before it ends. */
export function createAccountLimits({ store, sellsPlans, now, log, report, onLimit = async () => {} }: Deps) {
  const toldOf = new LRUCache<string, true>({ max: TOLD_MAX });

  /** Sites of nobody's have no plan, and those that a platform sells another have that one. */
  const planOfSite = ({ accountId, accountPlan, plan }: Site): Plan | undefined =>
    sellsPlans && accountId !== null && plan === null ? planOf(accountPlan) : undefined;

  const limitsOf = (site: Site): PlanLimits | undefined => planOfSite(site)?.limits;

  return {
    limitsOf,

    /** A conversation was counted: its account's owners are told once at each percentage of the limit. */
    async told(site: Site, at: Date, { used, alerted }: Begun): Promise<void> {
      const most = limitsOf(site)?.conversationsPerMonth ?? null;
      if (most === null) return;
      const percent = ALERTS.find(each => alerted < each && used * 100 >= most * each);
      if (percent) await tell(site, at, { percent, used, most });
    },

    /** A conversation was not, as the limit is reached; it may have been another one when the last was counted. */
    async refused(site: Site, at: Date): Promise<void> {
      const most = limitsOf(site)?.conversationsPerMonth ?? null;
      if (most !== null) await tell(site, at, { percent: 100, used: most, most });
    },

    /** Throws 403 `plan_limit_reached` where the plan of the site's account does not include it. */
    requireFeature(site: Site, feature: PlanFeature): void {
      const plan = planOfSite(site);
      if (!plan || plan.features.includes(feature)) return;
      throw new AppError(
        'plan_limit_reached',
        `The plan ${plan.name} does not include ${FEATURES[feature]}. ${CHOOSE}`,
      );
    },

    /** Why the account takes no further site beside so many; nothing where it does. */
    async fullOfSites(accountId: string, sites: number, tx?: Tx): Promise<string | undefined> {
      if (!sellsPlans) return undefined;
      const standing = await store.seatsOf(accountId, now(), tx);
      const { name, limits } = planOf(standing?.plan ?? null);
      if (limits.sites === null || sites < limits.sites) return undefined;
      return `The plan ${name} includes ${counted(limits.sites, 'site')}, and the account has ${sites}. ${CHOOSE}`;
    },

    /** For who has just invited somebody to the account, which is locked. Throws 403 `plan_limit_reached`. */
    async requireSeat(tx: Tx, accountId: string): Promise<void> {
      if (!sellsPlans) return;
      const standing = await store.seatsOf(accountId, now(), tx);
      const { name, limits } = planOf(standing?.plan ?? null);
      if (!standing || limits.seats === null || standing.seats <= limits.seats) return;
      const reason = `The plan ${name} includes ${counted(limits.seats, 'seat')}, for members and open invitations.`;
      throw new AppError('plan_limit_reached', `${reason} ${CHOOSE} Or withdraw an invitation.`);
    },

    /** What the account uses this month, and what it may. Throws 404. */
    ofAccount: async (accountId: string): Promise<AccountUse> => standingOf(accountId),

    /** What its owners should know before it bites, the most pressing first. Throws 404. */
    async noticesOf(accountId: string): Promise<LimitNotice[]> {
      const { conversations, sites, seats, periodEnd } = await standingOf(accountId);
      const told = [
        ...noticesFor('conversations', conversations, periodEnd),
        ...noticesFor('sites', sites, null),
        ...noticesFor('seats', seats, null),
      ];
      return told.sort((one, other) => Number(one.kind === 'limit_near') - Number(other.kind === 'limit_near'));
    },
  };

  async function standingOf(accountId: string): Promise<AccountUse> {
    const periodStart = monthOf(now());
    const counters = await store.ofAccount(accountId, periodStart, now());
    if (!counters) throw new AppError('account_not_found', 'There is no such account, or none that you belong to.');
    const { plan, conversations, messages, costMicros, voiceSeconds, sites, seats } = counters;
    const limits = sellsPlans ? planOf(plan).limits : NO_LIMITS;
    return {
      periodStart: periodStart.toISOString(),
      periodEnd: nextMonthOf(periodStart).toISOString(),
      conversations: { used: conversations, limit: limits.conversationsPerMonth },
      messages,
      costUsd: costMicros / 1e6,
      voiceSeconds,
      sites: { used: sites, limit: limits.sites },
      seats: { used: seats, limit: limits.seats },
    };
  }

  /** The visitor's turn goes on, also where its owners cannot be told: the next conversation tells them. */
  async function tell(site: Site, at: Date, told: Pick<LimitAlert, 'percent' | 'used' | 'most'>): Promise<void> {
    const accountId = site.accountId as string;
    const { percent, most } = told;
    const periodStart = monthOf(at);
    const name = `${accountId} ${periodStart.toISOString()} ${most} ${percent}`;
    if (toldOf.has(name)) return;
    const alert = { accountId, limit: 'conversations' as const, ...told, resetsAt: nextMonthOf(at).toISOString() };
    try {
      const also = (tx: Tx) => onLimit(tx, alert);
      if (await store.alertAccount({ accountId, periodStart, most, percent }, also)) {
        log.warn({ accountId, count: most }, WORDS[percent]);
      }
      toldOf.set(name, true);
    } catch (error) {
      log.error({ err: error, accountId }, 'the owners of an account were not told of its limit');
      report(error, { siteId: site.id });
    }
  }
}

const NO_LIMITS: PlanLimits = { conversationsPerMonth: null, messagesPerConversation: null, sites: null, seats: null };

const CHOOSE = 'An owner can choose a larger plan in the console, under “Plan and usage”.';

/** What a plan may include, as its owner calls it. */
const FEATURES: Record<PlanFeature, string> = {
  takeover: 'taking conversations over',
  crm: 'delivering leads to a CRM',
  webhooks: 'webhooks',
};

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** A plan for one site or seat is full from its first day on, which is no news. */
function noticesFor(
  limit: LimitNotice['limit'],
  { used, limit: most }: AccountUse['sites'],
  until: string | null,
): LimitNotice[] {
  if (most === null || used * 100 < most * NEAR_PERCENT || (limit !== 'conversations' && most === 1)) return [];
  return [{ kind: used < most ? 'limit_near' : 'limit_reached', limit, until }];
}
