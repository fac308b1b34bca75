import type { Breaker } from '../../lib/breaker.ts';
import type { Embeddings } from '../../providers/embeddings/embeddings.ts';
import { isOfTheRequest } from '../../providers/llm/first-that-answers.ts';
import { ProviderError } from '../../providers/llm/llm.ts';
import type { Site } from '../sites/index.ts';
import type { Meaning } from './search.ts';
import type { Vectors } from './vectors.ts';

/** Who embeds for a site. */
export type Embedder = {
  embeddings: Embeddings;
  /** Names who made a vector, the model and its server: only vectors of the same can be compared. */
  space: string;
  /** Names the access, for the breaker. */
  key: string;
};

/** The site's embedder; nothing where its settings want none, or there is no key for it. */
export type EmbedderOf = (site: Site) => Embedder | undefined;

/** A visitor waits: a vendor that takes longer is left out, and words answer alone. */
export const QUESTION_MS = 1_000;

type Deps = {
  vectors: Vectors;
  embedderOf: EmbedderOf;
  breaker: Breaker;
  /** Hears why a question could not be embedded. */
  onFault: (site: Site, fault: ProviderError) => void;
  questionMs?: number;
};

/** Retrieval by meaning: exact, among all passages of the site. It fails silently, as words find most. */
export function createMeaning({ vectors, embedderOf, breaker, onFault, questionMs = QUESTION_MS }: Deps): Meaning {
  return {
    async nearest(site, question, limit, signal) {
      const embedder = embedderOf(site);
      if (!embedder || question.trim() === '' || signal?.aborted) return [];
      const { embeddings, space, key } = embedder;
      if (!breaker.allows(key)) return [];
      const signals = [AbortSignal.timeout(questionMs), ...(signal ? [signal] : [])];
      try {
        const {
          vectors: [vector],
        } = await embeddings.embed([question], AbortSignal.any(signals));
        breaker.succeeded(key);
        return vector ? await vectors.nearest(site.id, space, vector, limit) : [];
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        // Who went away says nothing about the vendor, nor does a site without money, whose access others may share.
        if (signal?.aborted || isOfTheRequest(error)) breaker.leftOpen(key);
        else breaker.failed(key, error.retryAfterMs);
        if (!signal?.aborted) onFault(site, error);
        return [];
      }
    },

    async progress(site) {
      const { embeddings } = site.settings.answers;
      if (embeddings === 'none') return { pending: 0, failed: 0 };
      // Without a key nothing has a vector in a space of this name, so that everything waits for one.
      return vectors.progress(site.id, embedderOf(site)?.space ?? '');
    },
  };
}
