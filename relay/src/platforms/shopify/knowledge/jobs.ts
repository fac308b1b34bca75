import type { Jobs, Payload } from '../../../jobs/jobs.ts';
import { sha256 } from '../../../lib/sha256.ts';
import { SHOPIFY_NIGHTLY, SHOPIFY_SYNC } from '../jobs.ts';
import type { Shops } from '../shops.ts';
import type { Sync } from './sync.ts';

/** Payload as of `SHOPIFY_SYNC`, which it makes when its time has come: while that one waits, no other is made. */
const SHOPIFY_SYNC_LATER = 'shopify.sync.later';

/** The pauses between tries double from about 15 s up to an hour (jobs.ts): in all some ten hours. */
const RETRIES = 18;
/** So many shops are read at once by one process: a big one must not keep a new one waiting. */
const AT_ONCE = 4;
/** A catalogue of hundreds of thousands takes hours. */
const TIMEOUT_S = 6 * 60 * 60;
/** In UTC; the shops follow one another for some hours then. */
const AT_NIGHT = '17 1 * * *';
const NIGHT_S = 3 * 60 * 60;

type Deps = { sync: Pick<Sync, 'step'>; shops: Pick<Shops, 'installed'> };

/** Brings the knowledge of the shops up to date: when somebody asks for it, and all of it once a night. */
export function handleKnowledgeJobs(jobs: Jobs, { sync, shops }: Deps): void {
  // A run belongs to one job at a time, in whatever process. `run` is the one to go on with, if it is still under way.
  jobs.handle(
    SHOPIFY_SYNC,
    async ({ siteId = '', run }, signal) => {
      const wait = await sync.step(siteId, run, signal);
      if (wait) await later({ siteId, run: wait.run }, { key: siteId, startAfterS: wait.afterS });
    },
    { alone: true, atOnce: AT_ONCE, retries: RETRIES, timeoutS: TIMEOUT_S },
  );

  jobs.handle(SHOPIFY_SYNC_LATER, payload => jobs.enqueue(SHOPIFY_SYNC, payload, { key: payload.siteId ?? '' }));

  jobs.handle(SHOPIFY_NIGHTLY, async (_, signal) => {
    for await (const { siteId, domain } of shops.installed()) {
      signal.throwIfAborted();
      await later({ siteId }, { key: `${siteId} at night`, startAfterS: placeInNight(domain) });
    }
  });
  jobs.schedule(SHOPIFY_NIGHTLY, AT_NIGHT);

  function later(payload: Payload, when: { key: string; startAfterS: number }): Promise<void> {
    return jobs.enqueue(SHOPIFY_SYNC_LATER, payload, when);
  }
}

/** The same every night, and another one for each shop. */
const placeInNight = (domain: string): number => Number.parseInt(sha256(domain).slice(0, 8), 16) % NIGHT_S;

type FinishedDeps = { shops: Pick<Shops, 'byDomain'>; jobs: Pick<Jobs, 'enqueue'> };

/** Shopify says that a bulk operation of the shop has ended: where a run waits for such, it looks at once. */
export function createBulkFinished({ shops, jobs }: FinishedDeps) {
  return async (domain: string): Promise<void> => {
    const shop = await shops.byDomain(domain);
    if (shop?.sync?.state !== 'running') return;
    await jobs.enqueue(SHOPIFY_SYNC, { siteId: shop.siteId, run: shop.sync.startedAt }, { key: shop.siteId });
  };
}
