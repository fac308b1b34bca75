import type { UsageStore } from './store.ts';

export type Usage = ReturnType<typeof createUsage>;

/** What a site has used this month, as numbers only: of a visitor who declined, this is all that is left. */
export function createUsage({ store, now }: { store: UsageStore; now: () => Date }) {
  return {
    countAnswer: (siteId: string, { beginsConversation }: { beginsConversation: boolean }) =>
      store.add(siteId, monthOf(now()), beginsConversation ? 1 : 0, 1),

    async ofThisPeriod(siteId: string) {
      const periodStart = monthOf(now());
      return { periodStart: periodStart.toISOString(), ...(await store.of(siteId, periodStart)) };
    },
  };
}

function monthOf(time: Date): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1));
}
