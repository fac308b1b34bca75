import type { Jobs } from '../../jobs/jobs.ts';
import type { Privacy } from './privacy.ts';

/** Ends, every five minutes, the data requests that a crash or a fault cut. */
export function handlePrivacyJobs(jobs: Jobs, { privacy }: { privacy: Pick<Privacy, 'resume'> }): void {
  jobs.handle('privacy.resume', () => privacy.resume());
  jobs.schedule('privacy.resume', '*/5 * * * *');
}
