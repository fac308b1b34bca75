import { CONNECTION_CHECK } from '../../features/connect/index.ts';
import { LEAD_CREATED, type Leads } from '../../features/leads/index.ts';
import type { Sites } from '../../features/sites/index.ts';
import { type Jobs, NotYet } from '../../jobs/jobs.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { createCallPlugin } from './call-plugin.ts';
import { deliverLead } from './deliver-lead.ts';
import { verifySite } from './verify-site.ts';

/** The pauses between tries double from about 15 s up to an hour (jobs.ts): in all some eight minutes here, … */
const CHECK_RETRIES = 5;
/** … and three days here. */
const DELIVERY_RETRIES = 79;

type Deps = {
  sites: Pick<Sites, 'byId' | 'secretHashOf' | 'setVerification'>;
  leads: Pick<Leads, 'createdEvent'>;
  keyring: Pick<Keyring, 'signWebhook'>;
  /** Keeps to public addresses where the operator wants that. */
  fetch: typeof fetch;
  now: () => Date;
};

/** Sees whether the plugins of connected sites answer, and brings them the leads. */
export function handleWordpressJobs(jobs: Jobs, { sites, leads, keyring, fetch, now }: Deps): void {
  const callPlugin = createCallPlugin({ fetch, keyring, now });

  jobs.handle(
    CONNECTION_CHECK,
    async ({ siteId = '' }, signal) => {
      const secretHash = await sites.secretHashOf(siteId);
      const site = await sites.byId(siteId);
      if (secretHash === undefined || site?.platform !== 'wordpress' || site.homeUrl === null) return;
      const { id, homeUrl } = site;
      const found = await verifySite(callPlugin, { id, homeUrl, secretHash }, now(), signal);
      await sites.setVerification(siteId, secretHash, found);
      if (found === 'unreachable') throw new NotYet('the site did not answer');
    },
    { retries: CHECK_RETRIES, timeoutS: 60, pollS: 2 },
  );

  jobs.handle(
    LEAD_CREATED,
    async ({ siteId = '', leadId = '' }, signal) => {
      const site = await sites.byId(siteId);
      if (!site?.isConnected || site.platform !== 'wordpress' || site.homeUrl === null) return;
      if (site.verification === 'failed') return;
      const event = await leads.createdEvent(siteId, leadId);
      if (!event) return;
      if (site.verification !== 'verified') throw new NotYet('the connection of the site is not verified');
      const outcome = await deliverLead(callPlugin, site.homeUrl, event, signal);
      if (outcome === 'later') throw new NotYet('the site did not take the lead');
      // Somebody else answers there now, or the plugin has lost its connection: what is known of it is out of date.
      if (outcome === 'not_ours') await jobs.enqueue(CONNECTION_CHECK, { siteId }, { key: siteId });
    },
    { retries: DELIVERY_RETRIES, timeoutS: 60 },
  );
}
