export { type CountName, createDayCounts, type DayCounts } from './day-counts.ts';
export { usageGauges } from './gauges.ts';
export { usageStore } from './store.ts';
export { createUsage, type Usage } from './usage.ts';
