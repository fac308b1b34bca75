import type { Db } from '../../db/database.ts';
import type { Log } from '../../lib/log.ts';

/** What is counted of a site. None of it says of whom. */
export type CountName =
  | 'conversations'
  | 'answers'
  | 'answered'
  | 'unanswered'
  | 'leads'
  | 'opened'
  | 'turns'
  | 'pageViews'
  | 'takeovers';

/** What is asked of the last minutes. */
const BY_THE_MINUTE: readonly string[] = ['opened', 'turns'] satisfies CountName[];
const MINUTE_MS = 60_000;
const KEPT_MINUTES = 10;

const FLUSH_MS = 2_000;

type Count = { siteId: string; minute: number; name: CountName; count: number };

export type DayCounts = ReturnType<typeof createDayCounts>;

/**
 * Counts what happens at all sites, by the days of UTC: in memory, and from there every two seconds and at the end into the
 * database, where those of other processes are added to them. A crash loses what was counted since. Two failed tries
 * may count the same twice; these are no bills.
 */
export function createDayCounts({ db, log, now }: { db: Db; log: Log; now: () => Date }) {
  let waiting = new Map<string, Count>();
  let flushing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  function add(siteId: string, name: CountName, n = 1): void {
    addAt(siteId, Math.floor(now().getTime() / MINUTE_MS), name, n);
  }

  function addAt(siteId: string, minute: number, name: CountName, n: number): void {
    const key = `${siteId} ${minute} ${name}`;
    const known = waiting.get(key);
    if (known) known.count += n;
    else waiting.set(key, { siteId, minute, name, count: n });
  }

  /** One statement for all sites; of those that are gone meanwhile nothing is written. */
  async function flush(): Promise<void> {
    if (waiting.size === 0) return;
    const counts = [...waiting.values()];
    waiting = new Map();
    try {
      await db.$executeRaw`
        WITH "counted" AS MATERIALIZED (
          SELECT given."siteId", given."minute", given."name", given."count" FROM unnest(
            ${counts.map(({ siteId }) => siteId)}::uuid[],
            ${counts.map(({ minute }) => new Date(minute * MINUTE_MS))}::timestamptz[],
            ${counts.map(({ name }) => name)}::text[],
            ${counts.map(({ count }) => count)}::int[]
          ) AS given("siteId", "minute", "name", "count") JOIN "Site" ON "Site"."id" = given."siteId"
        ), "minutes" AS (
          INSERT INTO "MinuteCount" ("siteId", "minute", "name", "count")
          SELECT * FROM "counted" WHERE "name" = ANY (${[...BY_THE_MINUTE]}::text[]) ORDER BY 1, 2, 3
          ON CONFLICT ("siteId", "minute", "name") DO UPDATE SET "count" = "MinuteCount"."count" + EXCLUDED."count"
        ), "old" AS (
          DELETE FROM "MinuteCount" WHERE "minute" < ${minutesAgo(KEPT_MINUTES)}::timestamptz
        )
        INSERT INTO "DayCount" ("siteId", "day", "name", "count")
        SELECT "siteId", ("minute" AT TIME ZONE 'UTC')::date, "name", sum("count")::int FROM "counted"
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT ("siteId", "day", "name") DO UPDATE SET "count" = "DayCount"."count" + EXCLUDED."count"`;
    } catch (error) {
      for (const { siteId, minute, name, count } of counts) addAt(siteId, minute, name, count);
      log.warn({ err: error }, 'what was counted could not be written, and is tried again');
    }
  }

  const minutesAgo = (minutes: number) => new Date(now().getTime() - minutes * MINUTE_MS);

  return {
    /** Waits for nothing. */
    add,

    /** Writes what is counted; call it before what is written is read again. */
    flush: (): Promise<void> => {
      flushing = flushing.then(flush);
      return flushing;
    },

    /** How often everybody together opened the chat and asked something in the last minutes, ten at the most. */
    async recent(siteId: string, minutes: number): Promise<{ opened: number; turns: number }> {
      const rows = await db.minuteCount.groupBy({
        by: ['name'],
        where: { siteId, minute: { gt: minutesAgo(Math.min(minutes, KEPT_MINUTES)) } },
        _sum: { count: true },
      });
      const of = (name: string) => rows.find(row => row.name === name)?._sum.count ?? 0;
      return { opened: of('opened'), turns: of('turns') };
    },

    start(): void {
      timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
    },

    async stop(): Promise<void> {
      clearInterval(timer);
      await this.flush();
    },
  };
}
