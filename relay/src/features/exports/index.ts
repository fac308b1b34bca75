export { createExports, type Exports } from './exports.ts';
export { handleExportJobs } from './jobs.ts';
export { accountKinds, notExported, siteKinds } from './kinds.ts';
export { exportRoutes } from './routes.ts';
export { exportStore } from './store.ts';
