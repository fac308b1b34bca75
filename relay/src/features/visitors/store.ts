import type { Db } from '../../db/database.ts';

export type NewPageView = { id: string; conversationId: string; url: string; referrer: string | null; createdAt: Date };

export type PageViewStore = ReturnType<typeof pageViewStore>;

/** The queries of the page views; those of a data request are in `personal-data.ts`. */
export const pageViewStore = (db: Db) => ({
  /** False where the conversation has been erased or restricted meanwhile: nothing is written then. */
  async add(siteId: string, view: NewPageView): Promise<boolean> {
    const count = await db.$executeRaw`
      INSERT INTO "PageView" ("siteId", "conversationId", "id", "url", "referrer", "createdAt")
      SELECT "siteId", "id", ${view.id}::uuid, ${view.url}, ${view.referrer}, ${view.createdAt}::timestamptz
      FROM "Conversation" WHERE "siteId" = ${siteId}::uuid AND "id" = ${view.conversationId}::uuid AND "restrictedAt" IS NULL
      FOR KEY SHARE`;
    return count > 0;
  },
});
