export { retentionGauges } from './gauges.ts';
export { handleRetentionJobs, sweepAtStart } from './jobs.ts';
export { createRetention, type Retention } from './retention.ts';
export { retentionRoutes } from './routes.ts';
export { type CountsByClass, purgeStore } from './store.ts';
