export { type Compliance, type CustomerDataRequest, createCompliance } from './compliance.ts';
export { handleWebhookJobs } from './jobs.ts';
export { createProcess, type WebhookWork } from './process.ts';
export { createReceive } from './receive.ts';
export { webhookRoutes } from './routes.ts';
export { type Failing, type WebhookRow, type WebhookStore, webhookStore } from './store.ts';
