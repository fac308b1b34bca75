import { CRAWL_LIMITS_DEFAULT, type SourceDetails } from '@confab/contract';
import { crawlStore, createAsk, createCrawl, createSources } from '@confab/relay/features/crawl/index.ts';
import type { Knowledge } from '@confab/relay/features/knowledge/index.ts';
import type { Site } from '@confab/relay/features/sites/index.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { type Host, startInternet } from './fakes/site.ts';
import { startTestRelay, type TestRelay } from './relay.ts';

export const DAY_MS = 24 * 60 * 60 * 1_000;
export const SHOP = 'http://shop.example';

export type Crawler = Awaited<ReturnType<typeof crawler>>;

/** A relay that does none of its jobs by itself: a crawl would be taken out of a test's hands. */
export async function startRelayForCrawls(env: NodeJS.ProcessEnv = {}): Promise<TestRelay> {
  const relay = await startTestRelay({ env });
  await relay.services.jobs.stop();
  return relay;
}

/**
 * A site of its own with a crawl whose time passes only while it pauses. What it asks for goes through the recording proxy
 * of its own small internet.
 */
export async function crawler(
  relay: TestRelay,
  hosts: Record<string, Host>,
  { origins = [SHOP], answerMs = 5_000 } = {},
) {
  const internet = await startInternet(hosts);
  const { services, db } = relay;
  const { id, plugin } = await relay.site({ allowedOrigins: [...origins, internet.url] });
  const site = (await services.sites.byId(id)) as Site;
  let time = Date.parse('2026-11-22T12:00:00Z');
  const now = () => new Date(time);
  const pauses: number[] = [];
  const store = crawlStore(db);
  const newCrawl = (fetch = internet.fetch, knowledge: Pick<Knowledge, 'sync'> = services.knowledge) =>
    createCrawl({
      store,
      sites: services.sites,
      knowledge,
      extractor: services.extractor,
      ask: createAsk({ fetch, answerMs }),
      relayOrigin: () => undefined,
      pause: async ms => {
        pauses.push(ms);
        time += ms;
      },
      log: createLog('silent'),
      now,
    });
  const crawl = newCrawl();
  // The jobs of this test are its own calls.
  const sources = createSources({ store, crawl, jobs: { enqueue: async () => {} }, relayOrigin: () => undefined, now });
  const live = new AbortController().signal;
  return {
    site,
    plugin,
    internet,
    pauses,
    sources,
    newCrawl,
    store,
    pass: (ms: number) => {
      time += ms;
    },
    add: (url = `${SHOP}/`, limits: Partial<typeof CRAWL_LIMITS_DEFAULT> = {}) =>
      sources.add(site, { url, limits: { ...CRAWL_LIMITS_DEFAULT, ...limits } }),
    slice: (sourceId: string, with_ = crawl, signal = live) => with_.slice(site.id, sourceId, signal),
    /** Crawls until the job says that it is done. */
    async finish(sourceId: string, with_ = crawl): Promise<SourceDetails> {
      for (let slices = 0; slices < 200; slices += 1) {
        const againS = await with_.slice(site.id, sourceId, live);
        if (againS === undefined) return sources.get(site, sourceId);
        time += againS * 1_000;
      }
      throw new Error('the crawl does not end');
    },
    async again(sourceId: string): Promise<SourceDetails> {
      time += DAY_MS;
      await sources.start(site, sourceId);
      return this.finish(sourceId);
    },
    /** What the knowledge holds of the crawl, by address. */
    async documents() {
      const rows = await relay.rows('Document', site);
      return Object.fromEntries(rows.map(({ url, ...row }) => [url, row]));
    },
  };
}

/** The addresses of what the knowledge holds. */
export const urls = async (world: Crawler) => Object.keys(await world.documents()).toSorted();
/** How many pages were left out, by why. */
export const reasons = ({ reasons: list }: SourceDetails) =>
  Object.fromEntries(list.map(({ code, count }) => [code, count]));
