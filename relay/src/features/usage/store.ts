import type { Db } from '../../db/database.ts';

export type UsageStore = ReturnType<typeof usageStore>;

/** Every query of the usage counters. */
export const usageStore = (db: Db) => ({
  async add(siteId: string, periodStart: Date, conversations: number, answers: number): Promise<void> {
    await db.$executeRaw`
      INSERT INTO "Usage" ("siteId", "periodStart", "conversations", "answers")
      VALUES (${siteId}::uuid, ${periodStart}::date, ${conversations}, ${answers})
      ON CONFLICT ("siteId", "periodStart") DO UPDATE SET
        "conversations" = "Usage"."conversations" + EXCLUDED."conversations",
        "answers" = "Usage"."answers" + EXCLUDED."answers"`;
  },

  async of(siteId: string, periodStart: Date): Promise<{ conversations: number; answers: number }> {
    const row = await db.usage.findUnique({ where: { siteId_periodStart: { siteId, periodStart } } });
    return { conversations: row?.conversations ?? 0, answers: row?.answers ?? 0 };
  },
});
