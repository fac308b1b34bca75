import type { Db } from '../../db/database.ts';
import type { Gauges } from '../../lib/metrics.ts';

/** Of all sites together: how many data requests wait, and how many of them are late. */
export function dataRequestGauges({ db, now }: { db: Db; now: () => Date }): Gauges {
  const open = { status: { not: 'completed' } };
  return {
    confab_data_requests_open: {
      help: 'Data requests that are not completed.',
      read: () => db.dataRequest.count({ where: open }),
    },
    confab_data_requests_overdue: {
      help: 'Data requests that are not completed and past their due date.',
      read: () => db.dataRequest.count({ where: { ...open, dueAt: { lt: now() } } }),
    },
  };
}
