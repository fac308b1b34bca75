import type { Jobs } from '../../jobs/jobs.ts';
import type { Retention } from './retention.ts';

const SWEEP = 'retention.sweep';
const PURGE = 'retention.purge';

type Deps = { retention: Pick<Retention, 'sweep' | 'purgeSite'> };

/** Looks for sites that are due four times an hour, as some zones' hours begin at :15, :30 and :45. */
export function handleRetentionJobs(jobs: Jobs, { retention }: Deps): void {
  jobs.handle(SWEEP, () => retention.sweep(siteId => jobs.enqueue(PURGE, { siteId }, { key: siteId })), {
    alone: true,
  });
  jobs.schedule(SWEEP, '*/15 * * * *');
  jobs.handle(
    PURGE,
    async ({ siteId = '' }, signal) => {
      await retention.purgeSite(siteId, { trigger: 'nightly', signal });
    },
    { alone: true, timeoutS: 12 * 60 * 60 },
  );
}

/** Nights that were missed while no relay ran are made up for at once. */
export const sweepAtStart = (jobs: Jobs): Promise<void> => jobs.enqueue(SWEEP, {}, { key: 'start' });
