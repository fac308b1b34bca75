/** Somebody left contact details: `{ siteId, leadId }`. Written with the lead; whoever brings it to its owner takes it. */
export const LEAD_CREATED = 'leads.created';
