import type { Db, Tx } from '../../db/database.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';

/** One case of a site's test set. `documents` are addresses or external ids. */
export type StoredCase = {
  id: string;
  question: string;
  locale: string | null;
  expects: 'answer' | 'unknown';
  documents: string[];
  phrases: string[];
  createdAt: Date;
};

export type EvalCaseStore = ReturnType<typeof evalCaseStore>;

/** Every query of the test sets. */
export const evalCaseStore = (db: Db) => ({
  async add(siteId: string, evalCase: StoredCase, tx: Tx = db): Promise<void> {
    await tx.evalCase.create({ data: { siteId, ...evalCase } });
  },

  count: (siteId: string): Promise<number> => db.evalCase.count({ where: { siteId } }),

  /** False where there is no such case. */
  async remove(siteId: string, id: string): Promise<boolean> {
    const { count } = await db.evalCase.deleteMany({ where: { siteId, id } });
    return count > 0;
  },

  /** Newest first. */
  list: async (siteId: string, after: Place | undefined, limit: number) =>
    (await db.evalCase.findMany({
      where: { siteId, ...olderThan(after) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    })) as unknown as StoredCase[],
});
