import type { Db } from '../../db/database.ts';
import type { Counts } from './counts.ts';

/** How often a process deletes what has ended, of all of them. */
const PURGE_MS = 60_000;

/** Counts of all processes on one PostgreSQL, each addition one statement. A crash of PostgreSQL empties them. */
export function postgresCounts(db: Db, now: () => Date) {
  const counts: Counts = {
    async add(key, points, windowMs) {
      const at = now();
      const endsAt = new Date(at.getTime() + windowMs);
      const [count] = await db.$queryRaw<{ points: bigint; expiresAt: Date }[]>`
        INSERT INTO "SharedCount" AS count ("key", "points", "expiresAt")
        VALUES (${key}, ${points}, ${endsAt}::timestamptz)
        ON CONFLICT ("key") DO UPDATE SET
          "points" = EXCLUDED."points" + CASE WHEN count."expiresAt" > ${at}::timestamptz THEN count."points" ELSE 0 END,
          "expiresAt" =
            CASE WHEN count."expiresAt" > ${at}::timestamptz THEN count."expiresAt" ELSE EXCLUDED."expiresAt" END
        RETURNING "points", "expiresAt"`;
      const { points: sum, expiresAt } = count as { points: bigint; expiresAt: Date };
      return { points: Number(sum), msLeft: expiresAt.getTime() - at.getTime() };
    },
  };
  let timer: NodeJS.Timeout | undefined;

  /** Deletes what has ended. */
  async function purge(): Promise<void> {
    await db.$executeRaw`DELETE FROM "SharedCount" WHERE "expiresAt" <= ${now()}::timestamptz`;
  }

  return {
    ...counts,
    purge,

    /** Purges every minute. What fails is deleted the next time. */
    start(): void {
      timer = setInterval(() => void purge().catch(() => {}), PURGE_MS).unref();
    },

    stop(): void {
      clearInterval(timer);
    },
  };
}
