export { openingStateAt } from './hours.ts';
export { siteRoutes } from './routes.ts';
export { createSites, type Sites } from './sites.ts';
export { type Plan, type Site, type StoredSettings, siteStore, withOrigin } from './store.ts';
