export { type DeliverLead, handleLeadJobs } from './jobs.ts';
export { createLeads, type Leads, type UndeliveredLead } from './leads.ts';
export { leadsPersonalData } from './personal-data.ts';
export { leadRoutes, siteLeadRoutes } from './routes.ts';
export { leadStore } from './store.ts';
