import type { Jobs } from '../../jobs/jobs.ts';
import type { Sites } from '../sites/index.ts';
import type { Uploads } from './uploads.ts';

/** A file was uploaded or removed: `{ siteId, uploadId }`. Written with the change. */
export const UPLOAD_CHANGED = 'uploads.changed';

type Deps = { sites: Pick<Sites, 'byId'>; uploads: Pick<Uploads, 'process'> };

/** Has the knowledge follow the uploads. */
export function handleUploadJobs(jobs: Jobs, { sites, uploads }: Deps): void {
  jobs.handle(
    UPLOAD_CHANGED,
    async ({ siteId = '', uploadId = '' }, signal) => {
      const site = await sites.byId(siteId);
      if (site) await uploads.process(site, uploadId, signal);
    },
    { timeoutS: 10 * 60 },
  );
}
