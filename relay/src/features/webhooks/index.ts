export type { Sources } from './body.ts';
export { handleWebhooks } from './jobs.ts';
export { webhookRoutes } from './routes.ts';
export { webhookStore } from './store.ts';
export { createWebhooks, type Webhooks } from './webhooks.ts';
