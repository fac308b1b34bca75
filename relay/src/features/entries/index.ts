export { createEntries, type Entries } from './entries.ts';
export { handleEntryJobs } from './jobs.ts';
export { entryRoutes } from './routes.ts';
export { entryStore } from './store.ts';
