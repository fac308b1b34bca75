export { type Consent, type Consented, createConsent } from './consent.ts';
export { handleFor, handleHashOf } from './handle.ts';
export { type LogPage, linesOf } from './log-page.ts';
export { consentPersonalData } from './personal-data.ts';
export { consentLogRoutes, consentRoutes } from './routes.ts';
export { consentStore } from './store.ts';
export type { Opening } from './subject.ts';
export { type LogReport, textLines, verifyLog } from './verify-log.ts';
export { textsOf } from './widget-config.ts';
