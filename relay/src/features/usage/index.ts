export type { AccountUse, LimitAlert, LimitNotice } from './account-limits.ts';
export { type CountName, createDayCounts, type DayCounts } from './day-counts.ts';
export { usageGauges } from './gauges.ts';
export { FREE, planOf, plans } from './plans.ts';
export { type Begun, type Count, counting, usageStore } from './store.ts';
export type { TurnUse, Used } from './turn-use.ts';
export { createUsage, type Usage } from './usage.ts';
