export { openingStateAt } from './hours.ts';
export { siteRoutes, siteSecretRoutes } from './routes.ts';
export type { SecretName, StoredSettings } from './secrets.ts';
export { createSites, type Sites } from './sites.ts';
export { type Plan, type Site, siteStore, withOrigin } from './store.ts';
