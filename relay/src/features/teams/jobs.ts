import type { Jobs } from '../../jobs/jobs.ts';
import type { Teams } from './teams.ts';

const FORGET = 'teams.forget';

/** Every night. */
export function handleTeamJobs(jobs: Jobs, { teams }: { teams: Pick<Teams, 'forget'> }): void {
  jobs.handle(FORGET, () => teams.forget(), { alone: true });
  jobs.schedule(FORGET, '20 3 * * *');
}
