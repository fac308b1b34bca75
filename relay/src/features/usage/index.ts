export { usageGauges } from './gauges.ts';
export { usageStore } from './store.ts';
export { createUsage, type Usage } from './usage.ts';
