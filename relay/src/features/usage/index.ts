export { createUsage, type Usage } from './usage.ts';
export { usageStore } from './store.ts';
