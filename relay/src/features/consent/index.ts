export { type Consent, createConsent } from './consent.ts';
export { consentRoutes } from './routes.ts';
export { consentStore } from './store.ts';
