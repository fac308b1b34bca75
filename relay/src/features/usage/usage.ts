import type { AnswerOutcome, SiteResponse } from '@confab/contract';
import type { Site } from '../sites/index.ts';
import type { DayCounts } from './day-counts.ts';
import { createSpend, type SpendDeps } from './spend.ts';

type CountedAnswer = { beginsConversation: boolean; outcome: AnswerOutcome | null };

export type Usage = ReturnType<typeof createUsage>;

/** What a site has used this month, as numbers only: of a visitor who declined, this is all that is left. */
export function createUsage(deps: SpendDeps & { counts: Pick<DayCounts, 'add'> }) {
  const { store, counts, now } = deps;
  const spend = createSpend(deps);
  return {
    budgetOf: spend.budgetOf,
    shareOf: spend.shareOf,

    /** Somebody asked something, whoever answers it. */
    countTurn: (siteId: string): void => counts.add(siteId, 'turns'),

    async countAnswer(siteId: string, { beginsConversation, outcome }: CountedAnswer): Promise<void> {
      counts.add(siteId, 'answers');
      if (beginsConversation) counts.add(siteId, 'conversations');
      if (outcome === 'answered' || outcome === 'unanswered') counts.add(siteId, outcome);
      await store.add(siteId, monthOf(now()), beginsConversation ? 1 : 0, 1);
    },

    /**
     * Whether language models may still answer for the site this month. Looked up before a turn and counted at its end,
     * so the limit is overrun by the turns that run at once and by no more.
     */
    async allowsModel(site: Site): Promise<boolean> {
      const limit = answersLimitOf(site);
      if (limit === null) return true;
      return (await store.of(site.id, monthOf(now()))).answers < limit;
    },

    async ofThisPeriod(site: Site): Promise<SiteResponse['usage']> {
      const periodStart = monthOf(now());
      const [counted, spent] = await Promise.all([store.of(site.id, periodStart), spend.ofThisPeriod(site)]);
      return { periodStart: periodStart.toISOString(), ...counted, answersLimit: answersLimitOf(site), spend: spent };
    },
  };
}

/** The owner's own limit or that of the plan, whichever comes first. */
function answersLimitOf({ settings, plan }: Site): number | null {
  const limits = [settings.limits.answersPerMonth, plan?.answersPerMonth ?? null].filter(limit => limit !== null);
  return limits.length > 0 ? Math.min(...limits) : null;
}

function monthOf(time: Date): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1));
}
