import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';

export type UsageStore = ReturnType<typeof usageStore>;

/** What a period has cost so far, and the percentage of its limit that the owner was told of. */
export type Spent = { micros: number; alerted: number };

/** One change of what a site has spent; `limits` of what must not be passed, in millionths of a dollar. */
export type Charge = {
  siteId: string;
  conversationId: string | null;
  day: string;
  month: string;
  micros: number;
  limits?: { perConversation: number; perDay: number; perMonth: number };
};

/** What came of it; nothing has changed where a limit refused it. */
export type Charged = { refusedBy: 'conversation' | 'day' | 'month' } | { day: Spent; month: Spent };

type Verdict = { verdict: string; dayMicros: number; dayAlerted: number; monthMicros: number; monthAlerted: number };

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

  /**
   * Raises the conversation, the day and the month at once, or none of them where one would pass its limit. However many
   * do so at the same time, in this process or another: each waits for the rows, and then counts with what they hold.
   */
  async charge(charge: Charge): Promise<Charged> {
    const { siteId, day, month } = charge;
    for (;;) {
      const [row] = await db.$queryRaw<Verdict[]>(raise(charge));
      if (row?.verdict === 'paid') {
        return {
          day: { micros: row.dayMicros, alerted: row.dayAlerted },
          month: { micros: row.monthMicros, alerted: row.monthAlerted },
        };
      }
      if (row?.verdict !== 'absent') return { refusedBy: row?.verdict as 'conversation' | 'day' | 'month' };
      // A row must be there to be locked. Once for each day of a site.
      await db.$executeRaw`
        INSERT INTO "Spend" ("siteId", "period") VALUES (${siteId}::uuid, ${month}), (${siteId}::uuid, ${day})
        ON CONFLICT DO NOTHING`;
    }
  },

  /** Remembers that the owner was told, and tells by `also`. False where that was so before, also by another process. */
  alert: (siteId: string, period: string, percent: number, also: (tx: Tx) => Promise<void>): Promise<boolean> =>
    inTransaction(db, async tx => {
      const { count } = await tx.spend.updateMany({
        where: { siteId, period, alerted: { lt: percent } },
        data: { alerted: percent },
      });
      if (count > 0) await also(tx);
      return count > 0;
    }),

  async spendOf(siteId: string, periods: string[]): Promise<Map<string, Spent>> {
    const rows = await db.spend.findMany({ where: { siteId, period: { in: periods } } });
    return new Map(rows.map(({ period, micros, alerted }) => [period, { micros: Number(micros), alerted }]));
  },

  /** Of every site together. */
  async spentIn(period: string): Promise<number> {
    const { _sum } = await db.spend.aggregate({ where: { period }, _sum: { micros: true } });
    return Number(_sum.micros ?? 0);
  },
});

/**
 * A conversation is locked before its site's counters, so that one that is being erased holds up itself and no other.
 * What a lock was waited for is read as it is then, not as it was when the statement began.
 */
function raise({ siteId, conversationId, day, month, micros, limits }: Charge): Prisma.Sql {
  const by = Prisma.sql`${String(micros)}::text::bigint`;
  const limit = (most = Infinity) => Prisma.sql`${most === Infinity ? null : String(most)}::text::bigint`;
  return Prisma.sql`
    WITH "conversation" AS MATERIALIZED (
      SELECT "costMicros" FROM "Conversation"
      WHERE "siteId" = ${siteId}::uuid AND "id" = ${conversationId}::uuid FOR NO KEY UPDATE
    ), "locked" AS MATERIALIZED (
      SELECT "period", "micros" FROM "Spend"
      WHERE "siteId" = ${siteId}::uuid AND "period" IN (${month}, ${day})
        AND (SELECT count(*) FROM "conversation") >= 0
      ORDER BY "period" FOR NO KEY UPDATE
    ), "verdict" AS MATERIALIZED (
      SELECT CASE
        WHEN (SELECT count(*) FROM "locked") < 2 THEN 'absent'
        WHEN (SELECT "costMicros" FROM "conversation") + ${by} > ${limit(limits?.perConversation)} THEN 'conversation'
        WHEN (SELECT "micros" FROM "locked" WHERE "period" = ${day}) + ${by} > ${limit(limits?.perDay)} THEN 'day'
        WHEN (SELECT "micros" FROM "locked" WHERE "period" = ${month}) + ${by} > ${limit(limits?.perMonth)} THEN 'month'
        ELSE 'paid' END AS "verdict"
    ), "raised" AS (
      UPDATE "Spend" SET "micros" = "Spend"."micros" + ${by} FROM "verdict"
      WHERE "siteId" = ${siteId}::uuid AND "period" IN (${month}, ${day}) AND "verdict" = 'paid'
      RETURNING "period", "micros", "alerted"
    ), "counted" AS (
      UPDATE "Conversation" SET "costMicros" = "Conversation"."costMicros" + ${by} FROM "verdict"
      WHERE "siteId" = ${siteId}::uuid AND "id" = ${conversationId}::uuid AND "verdict" = 'paid'
    )
    SELECT "verdict", "day"."micros"::float8 AS "dayMicros", "day"."alerted" AS "dayAlerted",
      "month"."micros"::float8 AS "monthMicros", "month"."alerted" AS "monthAlerted"
    FROM "verdict"
      LEFT JOIN "raised" AS "day" ON "day"."period" = ${day}
      LEFT JOIN "raised" AS "month" ON "month"."period" = ${month}`;
}
