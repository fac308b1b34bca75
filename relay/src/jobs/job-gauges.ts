import type { Db } from '../db/database.ts';
import { word } from '../lib/log-fields.ts';
import { type Gauges, shared } from '../lib/metrics.ts';

type Waiting = { queue: string; count: number; oldestS: number };

/** What waits to be done, by queue, of all processes together; of every queue that exists, by one query. */
export function jobGauges({ db }: { db: Db }): Gauges {
  // By the database's clock, as jobs are due. Those of a later time do not wait yet.
  const waiting = shared(
    () => db.$queryRaw<Waiting[]>`
      SELECT queue.name AS "queue", coalesce(due."count", 0)::int AS "count", coalesce(due."oldestS", 0)::float AS "oldestS"
      FROM pgboss.queue LEFT JOIN (
        SELECT name, count(*) AS "count", extract(epoch FROM now() - min(greatest(created_on, start_after))) AS "oldestS"
        FROM pgboss.job WHERE state < 'active' AND NOT blocked AND start_after <= now() GROUP BY name
      ) AS due ON due.name = queue.name
      WHERE queue.name NOT LIKE '\_\_pgboss\_\_%'`,
  );
  const labels = { queue: word };
  return {
    confab_jobs_waiting: {
      help: 'Jobs that are due and that nobody does yet, by queue.',
      labels,
      read: async () => (await waiting()).map(({ queue, count }) => ({ labels: { queue }, value: count })),
    },
    confab_jobs_oldest_waiting_seconds: {
      help: 'For how long the oldest of those has been due, by queue.',
      labels,
      read: async () =>
        (await waiting()).map(({ queue, oldestS }) => ({ labels: { queue }, value: Math.max(0, oldestS) })),
    },
  };
}
