export { type CrmTests, createCrmTests } from './crm-tests.ts';
export { type Crms, handleCrmDeliveries } from './deliver-to-crm.ts';
export { createDeliveries, type Deliveries } from './deliveries.ts';
export { createLeads, type LeadDetails, type Leads } from './leads.ts';
export { leadsPersonalData } from './personal-data.ts';
export { crmRoutes, deliveryRoutes, leadRoutes, siteLeadRoutes } from './routes.ts';
export { leadStore } from './store.ts';
