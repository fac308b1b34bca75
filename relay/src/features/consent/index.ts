export { type Consent, createConsent } from './consent.ts';
export { consentStore } from './store.ts';
export { consentRoutes } from './routes.ts';
