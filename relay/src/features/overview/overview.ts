import type { AttentionResponse, SiteResponse, StatsResponse } from '@confab/contract';
import { addDays } from '../../lib/local-time.ts';
import type { Site } from '../sites/index.ts';
import type { Found, OverviewStore } from './store.ts';

/** From this part of a limit on, in percent, it is near. */
const NEAR_PERCENT = 80;

type Item = AttentionResponse['items'][number];

export type Overview = ReturnType<typeof createOverview>;

type Deps = {
  store: OverviewStore;
  usageOf: (site: Site) => Promise<SiteResponse['usage']>;
  /** How it stands with those who word answers. */
  providersOf: (site: Site) => SiteResponse['integrations'];
  now: () => Date;
};

/** A site at a glance: numbers by day, and what should be looked at. */
export function createOverview({ store, usageOf, providersOf, now }: Deps) {
  return {
    /** The last days, today included, oldest first and without a gap. */
    async stats(site: Site, days: number): Promise<StatsResponse> {
      const today = now().toISOString().slice(0, 10);
      const all = Array.from({ length: days }, (_, at) => addDays(today, at + 1 - days));
      const [counts, costs] = await Promise.all([
        store.counts(site.id, new Date(all[0] as string)),
        store.costs(site.id, all),
      ]);
      const counted = new Map(
        counts.map(({ day, name, count }) => [`${day.toISOString().slice(0, 10)} ${name}`, count]),
      );
      const cost = new Map(costs.map(({ period, micros }) => [period, Number(micros) / 1e6]));
      const numbersOf = (day: string) => {
        const of = (name: string) => counted.get(`${day} ${name}`) ?? 0;
        return {
          day,
          conversations: of('conversations'),
          answers: of('answers'),
          answered: of('answered'),
          unanswered: of('unanswered'),
          leads: of('leads'),
          costUsd: cost.get(day) ?? 0,
          opened: of('opened'),
          pageViews: of('pageViews'),
        };
      };
      return { days: all.map(numbersOf) };
    },

    /** The gravest first. */
    async attention(site: Site): Promise<AttentionResponse> {
      const [overdue, failed, unanswered, usage] = await Promise.all([
        store.overdueRequests(site.id, now()),
        store.failedDeliveries(site.id),
        store.unanswered(site.id),
        usageOf(site),
      ]);
      const failing = providersOf(site).filter(({ state }) => state === 'failing').length;
      const isUnreached = site.verification === 'unreachable' || site.verification === 'failed';
      return {
        items: [
          ...some('overdue_requests', overdue),
          ...some('failed_deliveries', failed),
          ...(isUnreached ? [{ kind: 'connection' as const, count: 1 }] : []),
          ...(failing > 0 ? [{ kind: 'provider' as const, count: failing }] : []),
          ...limitsOf(usage),
          ...some('unanswered', unanswered),
        ],
      };
    },
  };
}

const some = (kind: Item['kind'], { count, since }: Found): Item[] =>
  count === 0 ? [] : [{ kind, count, ...(since && { since: since.toISOString() }) }];

/** The limits of which most is used up. */
function limitsOf({ modelAnswers, answersLimit, spend }: SiteResponse['usage']): Item[] {
  const items: Item[] = [];
  if (answersLimit !== null && modelAnswers * 100 >= answersLimit * NEAR_PERCENT) {
    items.push({ kind: 'limit', count: modelAnswers, limit: answersLimit });
  }
  for (const period of ['day', 'month'] as const) {
    const { alerted, limitUsd } = spend[period];
    if (limitUsd !== null && alerted >= NEAR_PERCENT) items.push({ kind: 'limit', count: alerted, period });
  }
  return items;
}
