export { createSites, type Sites } from './sites.ts';
export { siteStore, type Site } from './store.ts';
export { siteRoutes } from './routes.ts';
