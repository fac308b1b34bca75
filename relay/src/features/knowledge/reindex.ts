import type { Jobs } from '../../jobs/jobs.ts';
import type { Knowledge } from './knowledge.ts';

/** Indexes what an earlier version of the relay indexed. */
const REINDEX = 'knowledge.reindex';

/** Passages are found by their words again as soon as their document is done, one document after the other. */
export function handleReindexing(jobs: Jobs, { knowledge }: { knowledge: Pick<Knowledge, 'indexAnew'> }): void {
  jobs.handle(REINDEX, (_, signal) => knowledge.indexAnew(signal), { alone: true, timeoutS: 6 * 60 * 60 });
}

/** After an upgrade most of all; a start without one finds nothing to do. */
export const reindexAtStart = (jobs: Jobs): Promise<void> => jobs.enqueue(REINDEX, {}, { key: 'start' });
