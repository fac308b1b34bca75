import type { Db, Tx } from '../../db/database.ts';
import { olderThan, type Period, type Place, within } from '../../lib/cursor.ts';

export type EntryLink = { title: string; url: string };

/** What an owner wrote. */
export type WrittenEntry = { question: string; answer: string; links: EntryLink[]; locale: string | null };

export type StoredEntry = WrittenEntry & { id: string; createdAt: Date; updatedAt: Date };

export type EntryStore = ReturnType<typeof entryStore>;

/** Every query of the entries. */
export const entryStore = (db: Db) => ({
  async add(tx: Tx, siteId: string, entry: StoredEntry): Promise<void> {
    await tx.entry.create({ data: { siteId, ...entry } });
  },

  /** False where there is no such entry. */
  async change(tx: Tx, siteId: string, id: string, entry: WrittenEntry & { updatedAt: Date }): Promise<boolean> {
    const { count } = await tx.entry.updateMany({ where: { siteId, id }, data: entry });
    return count > 0;
  },

  /** False where there is no such entry. */
  async remove(tx: Tx, siteId: string, id: string): Promise<boolean> {
    const { count } = await tx.entry.deleteMany({ where: { siteId, id } });
    return count > 0;
  },

  async byId(siteId: string, id: string): Promise<StoredEntry | undefined> {
    const row = await db.entry.findUnique({ where: { siteId_id: { siteId, id } } });
    return (row as StoredEntry | null) ?? undefined;
  },

  /** Newest first. */
  list: async (siteId: string, period: Period, after: Place | undefined, limit: number) =>
    (await db.entry.findMany({
      where: { siteId, AND: [{ createdAt: within(period) }, olderThan(after)] },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    })) as unknown as StoredEntry[],
});
