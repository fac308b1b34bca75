import type { Jobs } from '../../jobs/jobs.ts';
import type { Sites } from '../sites/index.ts';
import type { Entries } from './entries.ts';

/** An entry was written, changed or removed: `{ siteId, entryId }`. Written with the change. */
export const ENTRY_CHANGED = 'entries.changed';

type Deps = { sites: Pick<Sites, 'byId'>; entries: Pick<Entries, 'index'> };

/** Has the knowledge follow the entries. */
export function handleEntryJobs(jobs: Jobs, { sites, entries }: Deps): void {
  jobs.handle(
    ENTRY_CHANGED,
    async ({ siteId = '', entryId = '' }) => {
      const site = await sites.byId(siteId);
      if (site) await entries.index(site, entryId);
    },
    { timeoutS: 60 },
  );
}
