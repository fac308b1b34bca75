export { handleTeamJobs } from './jobs.ts';
export { accountRoutes, invitationRoutes, joiningRoutes, siteTeamRoutes } from './routes.ts';
export { teamStore } from './store.ts';
export { createTeams, type Teams } from './teams.ts';
