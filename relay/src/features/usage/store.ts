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

/** What an answer did cost the site; and of it what its conversation was not charged yet. */
export type Cost = {
  day: string;
  month: string;
  micros: number;
  conversationId: string | null;
  ofConversation: number;
};

type Verdict = { verdict: string; dayMicros: number; dayAlerted: number; monthMicros: number; monthAlerted: number };

/** How an account stands after a conversation was counted: how many there are, and the percentage that owners were told of. */
export type Begun = { used: number; alerted: number };

/** What one turn adds to the counters of its month; a minus gives back what was set aside and not used. */
export type Count = {
  siteId: string;
  accountId: string | null;
  periodStart: Date;
  /** Of the site: conversations that began, answers, and those of them by language models. */
  conversations: number;
  answers: number;
  modelAnswers: number;
  /** Of the account: conversations within the limit of its plan, answers, and what they cost. */
  begun: number;
  messages: number;
  costMicros: number;
  /** Of the stored conversation, which gets them back. */
  answersBack: number;
};

/** What a turn may need of each limit; null where there is none. */
export type Reservation = {
  siteId: string;
  periodStart: Date;
  account: { accountId: string; most: number } | null;
  conversation: { conversationId: string; most: number } | null;
  models: number | null;
};

/** What it was given; of what has no limit, nothing. */
export type Reserved = { begun: Begun | undefined; answer: boolean; model: boolean };

/** What owners are told of: each limit by itself, so that a larger plan has its own. */
const alertOf = (limit: string, most: number) => `${limit} ${most}`;

/** Every query of the usage counters. */
export const usageStore = (db: Db) => ({
  async of(siteId: string, periodStart: Date) {
    const row = await db.usage.findUnique({ where: { siteId_periodStart: { siteId, periodStart } } });
    return { conversations: row?.conversations ?? 0, answers: row?.answers ?? 0, modelAnswers: row?.modelAnswers ?? 0 };
  },

  /** A statement for each row of `"spent"`; see `countBegun`. */
  beginning: (account: { accountId: string; periodStart: Date; most: number }): Prisma.Sql =>
    countBegun(account, Prisma.sql`"spent"`),

  /**
   * Takes of each limit what a turn needs, unless it is reached: a conversation of the account, an answer of the
   * conversation, an answer by a language model of the site. Where one of the first two is refused, the last is not taken.
   * However many do so at once, in this process or another: each waits for the row and counts with what it holds then.
   */
  async reserve({ siteId, periodStart, account, conversation, models }: Reservation): Promise<Reserved> {
    const one = Prisma.sql`(VALUES (1)) AS one`;
    const nothing = Prisma.sql`SELECT NULL::int AS "used", NULL::int AS "alerted" WHERE FALSE`;
    const isFree = Prisma.sql`TRUE`;
    const [row] = await db.$queryRaw<
      { used: number | null; alerted: number | null; answer: boolean; model: boolean }[]
    >`
      WITH "answer" AS MATERIALIZED (
        ${
          conversation
            ? Prisma.sql`
        UPDATE "Conversation" SET "answers" = "answers" + 1
        WHERE "siteId" = ${siteId}::uuid AND "id" = ${conversation.conversationId}::uuid
          AND "answers" < ${conversation.most}::int
        RETURNING 1`
            : nothing
        }
      ), "begun" AS MATERIALIZED (${account ? countBegun({ ...account, periodStart }, one) : nothing}),
      "model" AS MATERIALIZED (
        ${
          models === null
            ? nothing
            : Prisma.sql`
        INSERT INTO "Usage" ("siteId", "periodStart", "modelAnswers")
        SELECT ${siteId}::uuid, ${periodStart}::date, 1
        WHERE ${models}::int > 0 AND ${conversation ? Prisma.sql`EXISTS (SELECT FROM "answer")` : isFree}
          AND ${account ? Prisma.sql`EXISTS (SELECT FROM "begun")` : isFree}
        ON CONFLICT ("siteId", "periodStart") DO UPDATE SET "modelAnswers" = "Usage"."modelAnswers" + 1
          WHERE "Usage"."modelAnswers" < ${models}::int
        RETURNING 1`
        }
      )
      SELECT (SELECT "used" FROM "begun") AS "used", (SELECT "alerted" FROM "begun") AS "alerted",
        EXISTS (SELECT FROM "answer") AS "answer", EXISTS (SELECT FROM "model") AS "model"`;
    const { used = null, alerted, answer = false, model = false } = row ?? {};
    return { begun: used === null ? undefined : { used, alerted: alerted ?? 0 }, answer, model };
  },

  /** Counts a turn whose answer is kept nowhere. */
  async count(count: Count): Promise<void> {
    await db.$executeRaw`WITH ${counting(count)} SELECT 1`;
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

  /**
   * Sets an amount of a stored conversation aside, where its limit leaves room for it: false where not. The site is not
   * asked, and is charged when it is known what the answer did cost.
   */
  async setAside(siteId: string, conversationId: string, micros: number, most: number): Promise<boolean> {
    const changed = await db.$executeRaw`
      UPDATE "Conversation" SET "costMicros" = "costMicros" + ${String(micros)}::text::bigint
      WHERE "siteId" = ${siteId}::uuid AND "id" = ${conversationId}::uuid
        AND "costMicros" + ${String(micros)}::text::bigint <= ${String(most)}::text::bigint`;
    return changed > 0;
  },

  /** Adds what some answers of one site did cost, in one statement; `ofConversation` is what their conversations lack. */
  async addSpent(siteId: string, costs: readonly Cost[]): Promise<void> {
    const periods = new Map<string, number>();
    const conversations = new Map<string, number>();
    const add = (to: Map<string, number>, key: string, micros: number) => to.set(key, (to.get(key) ?? 0) + micros);
    for (const { day, month, micros, conversationId, ofConversation } of costs) {
      add(periods, month, micros);
      add(periods, day, micros);
      if (conversationId !== null && ofConversation !== 0) add(conversations, conversationId, ofConversation);
    }
    await db.$executeRaw`
      WITH "locked" AS MATERIALIZED (
        SELECT "id", "by" FROM "Conversation" JOIN unnest(
          ${[...conversations.keys()]}::uuid[], ${[...conversations.values()].map(String)}::text[]::bigint[]
        ) AS given("id", "by") USING ("id")
        WHERE "siteId" = ${siteId}::uuid ORDER BY "id" FOR NO KEY UPDATE OF "Conversation"
      ), "counted" AS (
        UPDATE "Conversation" SET "costMicros" = "Conversation"."costMicros" + "locked"."by" FROM "locked"
        WHERE "Conversation"."siteId" = ${siteId}::uuid AND "Conversation"."id" = "locked"."id"
      )
      INSERT INTO "Spend" ("siteId", "period", "micros")
      SELECT ${siteId}::uuid, "period", "micros" FROM unnest(
        ${[...periods.keys()]}::text[], ${[...periods.values()].map(String)}::text[]::bigint[]
      ) AS given("period", "micros")
      WHERE (SELECT count(*) FROM "locked") >= 0 ORDER BY "period"
      ON CONFLICT ("siteId", "period") DO UPDATE SET "micros" = "Spend"."micros" + EXCLUDED."micros"`;
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

  /** The same of an account's limit in a month: the percentage of it that its owners were told of. */
  alertAccount: (
    { accountId, periodStart, most, percent }: { accountId: string; periodStart: Date; most: number; percent: number },
    also: (tx: Tx) => Promise<void>,
  ): Promise<boolean> =>
    inTransaction(db, async tx => {
      const name = alertOf('conversations', most);
      const count = await tx.$executeRaw`
        INSERT INTO "AccountUsage" ("accountId", "periodStart", "alerted")
        VALUES (${accountId}::uuid, ${periodStart}::date, jsonb_build_object(${name}::text, ${percent}::int))
        ON CONFLICT ("accountId", "periodStart") DO UPDATE SET "alerted" = "AccountUsage"."alerted" || EXCLUDED."alerted"
          WHERE coalesce(("AccountUsage"."alerted"->>${name}::text)::int, 0) < ${percent}::int`;
      if (count > 0) await also(tx);
      return count > 0;
    }),

  /** The counters of an account, with how many sites and seats are taken; nothing where it is gone. */
  async ofAccount(accountId: string, periodStart: Date, now: Date): Promise<AccountCounters | undefined> {
    const [row] = await db.$queryRaw<AccountCounters[]>`
      SELECT a."plan", coalesce(u."conversations", 0) AS "conversations", coalesce(u."messages", 0) AS "messages",
        coalesce(u."costMicros", 0)::float8 AS "costMicros", coalesce(u."voiceSeconds", 0) AS "voiceSeconds",
        (SELECT count(*)::int FROM "Site" s WHERE s."accountId" = a."id") AS "sites", ${seatsAt(now)} AS "seats"
      FROM "Account" a
      LEFT JOIN "AccountUsage" u ON u."accountId" = a."id" AND u."periodStart" = ${periodStart}::date
      WHERE a."id" = ${accountId}::uuid`;
    return row;
  },

  /** The account's plan, and how many seats are taken, as `tx` sees them. */
  async seatsOf(
    accountId: string,
    now: Date,
    tx: Tx = db,
  ): Promise<{ plan: string | null; seats: number } | undefined> {
    const [row] = await tx.$queryRaw<{ plan: string | null; seats: number }[]>`
      SELECT a."plan", ${seatsAt(now)} AS "seats" FROM "Account" a WHERE a."id" = ${accountId}::uuid`;
    return row;
  },

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
 * What counts a turn, as parts of a statement, whose own rows come before those of the account, and these before the
 * site's: whoever counts at once waits for the other and never both for each other. Nothing is counted for what is gone.
 */
export function counting(count: Count): Prisma.Sql {
  const { siteId, accountId, periodStart, conversations, answers, modelAnswers, begun, messages, costMicros } = count;
  return Prisma.sql`
    "ofAccount" AS (
      INSERT INTO "AccountUsage" ("accountId", "periodStart", "conversations", "messages", "costMicros")
      SELECT "id", ${periodStart}::date, ${begun}::int, ${messages}::int, ${String(costMicros)}::text::bigint
      FROM "Account" WHERE "id" = ${accountId}::uuid
      ON CONFLICT ("accountId", "periodStart") DO UPDATE SET
        "conversations" = "AccountUsage"."conversations" + EXCLUDED."conversations",
        "messages" = "AccountUsage"."messages" + EXCLUDED."messages",
        "costMicros" = "AccountUsage"."costMicros" + EXCLUDED."costMicros"
      RETURNING 1
    ), "ofSite" AS (
      INSERT INTO "Usage" ("siteId", "periodStart", "conversations", "answers", "modelAnswers")
      SELECT "id", ${periodStart}::date, ${conversations}::int, ${answers}::int, ${modelAnswers}::int
      FROM "Site" WHERE "id" = ${siteId}::uuid AND (SELECT count(*) FROM "ofAccount") >= 0
      ON CONFLICT ("siteId", "periodStart") DO UPDATE SET
        "conversations" = "Usage"."conversations" + EXCLUDED."conversations",
        "answers" = "Usage"."answers" + EXCLUDED."answers",
        "modelAnswers" = "Usage"."modelAnswers" + EXCLUDED."modelAnswers"
    )`;
}

/** Counts a conversation of the account for each row of `from`, and gives how it then stands; no row at the limit. */
function countBegun(
  { accountId, periodStart, most }: { accountId: string; periodStart: Date; most: number },
  from: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO "AccountUsage" ("accountId", "periodStart", "conversations")
    SELECT ${accountId}::uuid, ${periodStart}::date, 1 FROM ${from} WHERE ${most}::int > 0
    ON CONFLICT ("accountId", "periodStart") DO UPDATE SET "conversations" = "AccountUsage"."conversations" + 1
      WHERE "AccountUsage"."conversations" < ${most}::int
    RETURNING "conversations" AS "used",
      coalesce(("alerted"->>${alertOf('conversations', most)}::text)::int, 0) AS "alerted"`;
}

type AccountCounters = {
  plan: string | null;
  conversations: number;
  messages: number;
  costMicros: number;
  voiceSeconds: number;
  sites: number;
  seats: number;
};

/** Members and invitations that may still be accepted. */
const seatsAt = (now: Date) => Prisma.sql`(
  (SELECT count(*) FROM "Member" m WHERE m."accountId" = a."id")
  + (SELECT count(*) FROM "Invitation" i WHERE i."accountId" = a."id" AND i."expiresAt" > ${now}::timestamptz))::int`;

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
