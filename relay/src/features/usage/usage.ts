import type { SiteResponse } from '@confab/contract';
import type { Site } from '../sites/index.ts';
import type { UsageStore } from './store.ts';

export type Usage = ReturnType<typeof createUsage>;

/** What a site has used this month, as numbers only: of a visitor who declined, this is all that is left. */
export function createUsage({ store, now }: { store: UsageStore; now: () => Date }) {
  return {
    countAnswer: (siteId: string, { beginsConversation }: { beginsConversation: boolean }) =>
      store.add(siteId, monthOf(now()), beginsConversation ? 1 : 0, 1),

    /**
     * Whether language models may still answer for the site this month. Looked up before a turn and counted at its end,
     * so the limit is overrun by the turns that run at once and by no more.
     */
    async allowsModel(site: Site): Promise<boolean> {
      const { answersPerMonth } = site.settings.limits;
      if (answersPerMonth === null) return true;
      return (await store.of(site.id, monthOf(now()))).answers < answersPerMonth;
    },

    async ofThisPeriod(site: Site): Promise<SiteResponse['usage']> {
      const periodStart = monthOf(now());
      const counted = await store.of(site.id, periodStart);
      return { periodStart: periodStart.toISOString(), ...counted, answersLimit: site.settings.limits.answersPerMonth };
    },
  };
}

function monthOf(time: Date): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1));
}
