import type { Jobs } from '../../jobs/jobs.ts';
import type { Deletion } from './deletion.ts';

const SWEEP = 'deletion.sweep';
const CARRY_OUT = 'deletion.carry-out';

type Deps = { deletion: Pick<Deletion, 'sweep' | 'carryOut'> };

/** Looks for accounts whose end has come four times an hour: nobody sees them from then on. */
export function handleDeletionJobs(jobs: Jobs, { deletion }: Deps): void {
  jobs.handle(SWEEP, () => deletion.sweep(accountId => jobs.enqueue(CARRY_OUT, { accountId }, { key: accountId })), {
    alone: true,
  });
  jobs.schedule(SWEEP, '*/15 * * * *');
  jobs.handle(CARRY_OUT, ({ accountId = '' }, signal) => deletion.carryOut(accountId, signal), {
    alone: true,
    timeoutS: 12 * 60 * 60,
  });
}
