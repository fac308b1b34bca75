export { LEAD_CREATED } from './jobs.ts';
export { createLeads, type Leads } from './leads.ts';
export { leadsPersonalData } from './personal-data.ts';
export { leadRoutes, siteLeadRoutes } from './routes.ts';
export { leadStore } from './store.ts';
