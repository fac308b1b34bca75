export { createOverview, type Overview } from './overview.ts';
export { overviewRoutes } from './routes.ts';
export { overviewStore } from './store.ts';
