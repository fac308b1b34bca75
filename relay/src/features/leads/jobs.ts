import type { Platform } from '@confab/contract';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Site, Sites } from '../sites/index.ts';

/** Somebody left contact details: `{ siteId, leadId }`. Written with the lead. */
export const LEAD_CREATED = 'leads.created';

/** The pauses between tries double from about 15 s up to an hour (jobs.ts): in all three days. */
const DELIVERY_RETRIES = 79;

/** So many are brought at once by one process: an owner who does not answer must not keep the others waiting. */
const AT_ONCE = 4;

/** Brings one lead to the owner of its site. Throws `NotYet` where another try is worth it. */
export type DeliverLead = (site: Site, leadId: string, signal: AbortSignal) => Promise<void>;

type Deps = { sites: Pick<Sites, 'byId'>; deliver: Partial<Record<Platform, DeliverLead>> };

/** Brings the leads of connected sites to their owners, each in the way of its platform. */
export function handleLeadJobs(jobs: Jobs, { sites, deliver }: Deps): void {
  jobs.handle(
    LEAD_CREATED,
    async ({ siteId = '', leadId = '' }, signal) => {
      const site = await sites.byId(siteId);
      if (!site?.isConnected || site.platform === null) return;
      await deliver[site.platform]?.(site, leadId, signal);
    },
    { atOnce: AT_ONCE, retries: DELIVERY_RETRIES, timeoutS: 60 },
  );
}
