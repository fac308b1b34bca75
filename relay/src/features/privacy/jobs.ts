import type { Jobs } from '../../jobs/jobs.ts';
import type { Privacy } from './privacy.ts';

/** Ends, every five minutes, the data requests that a crash or a fault cut. */
export async function handlePrivacyJobs(jobs: Jobs, { privacy }: { privacy: Privacy }): Promise<void> {
  jobs.handle('privacy.resume', () => privacy.resume());
  jobs.schedule('privacy.resume', '*/5 * * * *');
}
