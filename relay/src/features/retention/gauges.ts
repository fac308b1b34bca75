import type { Gauges } from '../../lib/metrics.ts';
import type { Retention } from './retention.ts';

/** What an operator watches: it grows by a second a second while a site's nightly purge does not get done. */
export const retentionGauges = ({ retention }: { retention: Pick<Retention, 'lagSeconds'> }): Gauges => ({
  confab_purge_lag_seconds: {
    help: 'For how long the most overdue nightly purge has been due; 0 where none is.',
    read: () => retention.lagSeconds(),
  },
});
