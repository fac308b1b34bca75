import { type Jobs, NotYet } from '../../jobs/jobs.ts';
import type { Log } from '../../lib/log.ts';
import { ProviderError } from '../../providers/llm/llm.ts';
import type { Sites } from '../sites/index.ts';
import type { EmbedderOf } from './meaning.ts';
import type { Vectors } from './vectors.ts';

/** The vectors of a site may not be what its settings and its pages say: `{ siteId }`, under that key. */
export const CHANGED = 'knowledge.changed';
/** Makes them so, once at a time for a site, so that nothing is paid for twice. */
export const EMBED = 'knowledge.embed';
/** Looks after every site that has, or wants, vectors. */
const EMBED_ALL = 'knowledge.embed-all';

/** Texts that are embedded by one call and kept together: as many as one that is broken off costs twice. */
const BATCH = 256;

/** Sites that are read at once. */
const SITES = 500;

/** Before the first of all. */
const NO_ID = '00000000-0000-0000-0000-000000000000';
const NO_HASH = '';

type Deps = { sites: Pick<Sites, 'byId'>; vectors: Vectors; embedderOf: EmbedderOf; log: Log };

/**
 * Embeds what has no vector, and lets go of vectors that nobody needs. What is kept stays kept: a job that was broken
 * off goes on where it was. Every night and at every start each site is looked after that has embeddings, so that what
 * failed is tried again, and nothing that was missed stays without.
 */
export function handleKnowledgeJobs(jobs: Jobs, { sites, vectors, embedderOf, log }: Deps): void {
  jobs.handle(CHANGED, async ({ siteId = '' }) => {
    // One that runs may have looked for the last time already.
    if (!(await jobs.offer(EMBED, { siteId }, { key: siteId }))) throw new NotYet('the site is being embedded');
  });
  jobs.handle(
    EMBED,
    async ({ siteId = '' }, signal, { isLast }) => {
      let after = NO_HASH;
      for (;;) {
        signal.throwIfAborted();
        // Read for each batch: an owner who switches embeddings off is obeyed at once.
        const site = await sites.byId(siteId);
        if (!site) return;
        if (site.settings.answers.embeddings === 'none') return vectors.remove(siteId);
        const embedder = embedderOf(site);
        if (!embedder) return;
        const { embeddings, space } = embedder;
        if (after === NO_HASH) {
          while (await vectors.hash(siteId)) signal.throwIfAborted();
          await vectors.tidy(siteId, space);
        }
        const batch = await vectors.unembedded(siteId, space, after, BATCH);
        if (batch.length === 0 && after === NO_HASH) return;
        // What came in meanwhile may stand before the place where we are: the end is where a look at all finds none.
        after = batch.at(-1)?.hash ?? NO_HASH;
        if (batch.length === 0) continue;
        const hashes = batch.map(({ hash }) => hash);
        const texts = batch.map(({ text }) => text);
        try {
          await vectors.keep(siteId, space, hashes, (await embeddings.embed(texts, signal)).vectors);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ProviderError)) throw error;
          log.warn({ err: error, siteId }, 'the pages of a site were not embedded');
          const isFinal = isLast || error.fault === 'refused' || error.fault === 'over_budget';
          if (!isFinal) throw new NotYet('the embeddings did not answer');
          return vectors.giveUp(siteId, space);
        }
      }
    },
    { alone: true, atOnce: 4, timeoutS: 60 * 60 },
  );
  jobs.handle(
    EMBED_ALL,
    async (_, signal) => {
      for (let after: string | undefined = NO_ID; after !== undefined; ) {
        signal.throwIfAborted();
        const ids: string[] = await vectors.sites(after, SITES);
        for (const siteId of ids) await jobs.enqueue(CHANGED, { siteId }, { key: siteId });
        after = ids.at(-1);
      }
    },
    { alone: true },
  );
  jobs.schedule(EMBED_ALL, '40 2 * * *');
}

/** Goes on with what a crash broke off. */
export const embedAtStart = (jobs: Jobs): Promise<void> => jobs.enqueue(EMBED_ALL, {}, { key: 'start' });
