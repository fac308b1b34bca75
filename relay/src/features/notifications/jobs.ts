import type { Jobs } from '../../jobs/jobs.ts';
import type { Notifications } from './notifications.ts';

const DIGESTS = 'emails.digests';
const HOURLY = 'emails.hourly';

/** Looks for digests four times an hour, as some zones' hours begin at :15, :30 and :45. */
export function handleEmailJobs(jobs: Jobs, { notifications }: { notifications: Notifications }): void {
  jobs.handle(DIGESTS, (_, signal) => notifications.makeDigests(signal), { alone: true });
  jobs.schedule(DIGESTS, '*/15 * * * *');
  jobs.handle(
    HOURLY,
    async () => {
      await notifications.tellLate();
      await notifications.forget();
    },
    { alone: true },
  );
  jobs.schedule(HOURLY, '7 * * * *');
}
