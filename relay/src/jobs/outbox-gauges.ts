import { type Gauges, shared } from '../lib/metrics.ts';
import type { Outbox } from './outbox.ts';

/** Whether what goes out arrives. */
export function outboxGauges({ outbox, now }: { outbox: Pick<Outbox, 'counts'>; now: () => Date }): Gauges {
  const counts = shared(outbox.counts);
  const of = async (state: string) => (await counts()).find(each => each.state === state);
  return {
    confab_deliveries_waiting: {
      help: 'Leads, messages and e-mails that are to be handed over and have not arrived yet.',
      read: async () => (await of('waiting'))?.count ?? 0,
    },
    confab_deliveries_failed: {
      help: 'Leads, messages and e-mails that nobody tries to hand over any more.',
      read: async () => (await of('failed'))?.count ?? 0,
    },
    confab_deliveries_oldest_waiting_seconds: {
      help: 'Since when the oldest of those that wait does so.',
      async read() {
        const since = (await of('waiting'))?.since;
        return since ? Math.max(0, now().getTime() - since.getTime()) / 1_000 : 0;
      },
    },
  };
}
