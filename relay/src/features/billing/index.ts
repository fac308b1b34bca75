export { type Billing, createBilling } from './billing.ts';
export { billingGauges } from './gauges.ts';
export { handleBillingJobs } from './jobs.ts';
export { billingRoutes, stripeEventRoutes } from './routes.ts';
export { billingStore } from './store.ts';
