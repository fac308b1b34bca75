import { CONNECTION_CHECK } from '../../features/connect/index.ts';
import type { Leads } from '../../features/leads/index.ts';
import type { Sites } from '../../features/sites/index.ts';
import { type Jobs, NotYet } from '../../jobs/jobs.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { createCallPlugin } from './call-plugin.ts';
import { createDeliverLead } from './deliver-lead.ts';
import { verifySite } from './verify-site.ts';

/** The pauses between tries double from about 15 s (jobs.ts): in all some eight minutes. */
const CHECK_RETRIES = 5;

type Deps = {
  sites: Pick<Sites, 'byId' | 'secretHashesOf' | 'setVerification'>;
  leads: Pick<Leads, 'createdEvent' | 'briefOf'>;
  outbox: Pick<Outbox, 'handle' | 'again'>;
  keyring: Pick<Keyring, 'signWebhook'>;
  /** Keeps to public addresses where the operator wants that. */
  fetch: typeof fetch;
  now: () => Date;
};

/** Sees whether the plugins of connected sites answer, and tells them of their leads. */
export function handleWordpressJobs(jobs: Jobs, { sites, leads, outbox, keyring, fetch, now }: Deps): void {
  const callPlugin = createCallPlugin({ fetch, keyring, now });

  jobs.handle(
    CONNECTION_CHECK,
    async ({ siteId = '' }, signal) => {
      const secretHashes = await sites.secretHashesOf(siteId);
      const [secretHash] = secretHashes;
      const site = await sites.byId(siteId);
      if (secretHash === undefined || site?.platform !== 'wordpress' || site.homeUrl === null) return;
      const { id, homeUrl } = site;
      const found = await verifySite(callPlugin, { id, homeUrl, secretHashes }, now(), signal);
      await sites.setVerification(siteId, secretHash, found);
      // What could not be told meanwhile. Not where nothing has changed: somebody else may stand in the way.
      if (found === 'verified' && site.verification !== 'verified') await outbox.again(siteId, { target: 'wordpress' });
      if (found === 'unreachable') throw new NotYet('the site did not answer');
    },
    { retries: CHECK_RETRIES, timeoutS: 60, pollS: 2 },
  );

  const checkConnection = async (siteId: string): Promise<void> => {
    await jobs.enqueue(CONNECTION_CHECK, { siteId }, { key: siteId });
  };
  outbox.handle('wordpress', createDeliverLead({ sites, leads, callPlugin, checkConnection }));
}
