export { openingStateAt } from './hours.ts';
export { siteRoutes } from './routes.ts';
export { createSites, type Sites } from './sites.ts';
export { type Site, siteStore } from './store.ts';
