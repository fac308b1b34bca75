import { CONNECTION_CHECK } from '../../features/connect/index.ts';
import type { DeliverLead, Leads } from '../../features/leads/index.ts';
import type { Sites } from '../../features/sites/index.ts';
import { type Jobs, NotYet } from '../../jobs/jobs.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { createCallPlugin } from './call-plugin.ts';
import { deliverLead } from './deliver-lead.ts';
import { verifySite } from './verify-site.ts';

/** The pauses between tries double from about 15 s (jobs.ts): in all some eight minutes. */
const CHECK_RETRIES = 5;

type Deps = {
  sites: Pick<Sites, 'byId' | 'secretHashOf' | 'setVerification'>;
  leads: Pick<Leads, 'createdEvent'>;
  keyring: Pick<Keyring, 'signWebhook'>;
  /** Keeps to public addresses where the operator wants that. */
  fetch: typeof fetch;
  now: () => Date;
};

/** Sees whether the plugins of connected sites answer; gives how they are brought their leads. */
export function handleWordpressJobs(jobs: Jobs, { sites, leads, keyring, fetch, now }: Deps): DeliverLead {
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

  return async (site, leadId, signal) => {
    if (site.homeUrl === null || site.verification === 'failed') return;
    const event = await leads.createdEvent(site.id, leadId);
    if (!event) return;
    if (site.verification !== 'verified') throw new NotYet('the connection of the site is not verified');
    const outcome = await deliverLead(callPlugin, site.homeUrl, event, signal);
    if (outcome === 'later') throw new NotYet('the site did not take the lead');
    // Somebody else answers there now, or the plugin has lost its connection: what is known of it is out of date.
    if (outcome === 'not_ours') await jobs.enqueue(CONNECTION_CHECK, { siteId: site.id }, { key: site.id });
  };
}
