import type { Jobs } from '../../jobs/jobs.ts';
import type { Exports } from './exports.ts';

/** Makes the archive of an account: `{ accountId, exportId }`. */
export const MAKE = 'exports.make';
const PURGE = 'exports.purge';

export function handleExportJobs(
  jobs: Jobs,
  { exports }: { exports: Pick<Exports, 'make' | 'giveUp' | 'purge'> },
): void {
  jobs.handle(
    MAKE,
    async ({ accountId = '', exportId = '' }, signal, { isLast }) => {
      try {
        await exports.make(accountId, exportId, signal);
      } catch (error) {
        // A relay that stops is no fault of the archive: the next one begins it anew.
        if (isLast && !signal.aborted) await exports.giveUp(accountId, exportId);
        throw error;
      }
    },
    { alone: true, timeoutS: 12 * 60 * 60, retries: 3 },
  );
  jobs.handle(PURGE, () => exports.purge(), { alone: true });
  jobs.schedule(PURGE, '*/15 * * * *');
}
