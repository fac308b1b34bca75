import type { Jobs } from '../../jobs/jobs.ts';
import type { Crawl } from './crawl.ts';
import type { Sources } from './sources.ts';

/** Crawls one source for a while: `{ siteId, sourceId }`. */
export const CRAWL = 'crawl';
const SWEEP = 'crawl.sweep';

/** So many sources are crawled at once by one process: they wait for their sites most of the time. */
const AT_ONCE = 4;

/** A crawl is a row of jobs, each of which makes the next one, so that long crawls take turns. */
export function handleCrawlJobs(
  jobs: Jobs,
  { crawl, sources }: { crawl: Crawl; sources: Pick<Sources, 'sweep'> },
): void {
  jobs.handle(SWEEP, () => sources.sweep(), { alone: true });
  jobs.schedule(SWEEP, '*/15 * * * *');
  jobs.handle(
    CRAWL,
    async ({ siteId = '', sourceId = '' }, signal) => {
      const startAfterS = await crawl.slice(siteId, sourceId, signal);
      if (startAfterS !== undefined) await jobs.enqueue(CRAWL, { siteId, sourceId }, { key: sourceId, startAfterS });
    },
    { atOnce: AT_ONCE },
  );
}
