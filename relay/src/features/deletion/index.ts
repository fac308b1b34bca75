export { createDeletion, type Deletion } from './deletion.ts';
export { handleDeletionJobs } from './jobs.ts';
export { deletionRoutes } from './routes.ts';
export { deletionStore } from './store.ts';
