import { createInterface } from 'node:readline';
import type { Query } from './backup.ts';

/**
 * The tables whose rows somebody may have erased, each with what its rows are named by. What belongs to such a row goes with
 * it. Order matters: a site goes before its account.
 */
const TABLES = {
  Site: ['id'],
  Account: ['id'],
  User: ['id'],
  Member: ['accountId', 'userId'],
  Conversation: ['siteId', 'id'],
  Lead: ['siteId', 'id'],
} as const;

type Table = keyof typeof TABLES;

/** Rows that are read or written at once. */
const BATCH = 10_000;

/** The ids of all rows that there are, one on a line: what is not among them later was erased. They name nobody. */
export async function* livingLines(query: Query): AsyncGenerator<string> {
  for (const [table, key] of Object.entries(TABLES)) {
    const names = key.map(name => `"${name}"`).join(', ');
    let after = key.map(() => '00000000-0000-0000-0000-000000000000');
    for (;;) {
      const places = key.map((_, index) => `$${index + 1}::uuid`).join(', ');
      const rows = await query(
        `SELECT ${names} FROM "${table}" WHERE (${names}) > (${places}) ORDER BY ${names} LIMIT ${BATCH}`,
        after,
      );
      const keys = rows.map(row => key.map(name => String(row[name])));
      if (keys.length > 0) yield keys.map(each => `${table} ${each.join(' ')}\n`).join('');
      if (keys.length < BATCH) break;
      after = keys.at(-1) as string[];
    }
  }
}

/**
 * Erases what was there before `at` and is not on the list that was made then. Gives how many rows of which table went.
 * Within one connection, and again without harm.
 */
export async function eraseAllBut(
  query: Query,
  lines: NodeJS.ReadableStream,
  at: Date,
): Promise<Partial<Record<Table, number>>> {
  await query('CREATE TEMP TABLE "living" ("name" TEXT PRIMARY KEY)');
  await query('CREATE TEMP TABLE "gone" ("table" TEXT, "id" UUID)');
  let batch: string[] = [];
  const keep = async () => {
    await query('INSERT INTO "living" SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [batch]);
    batch = [];
  };
  for await (const line of createInterface({ input: lines })) if (batch.push(line) === BATCH) await keep();
  await keep();
  const counts: Partial<Record<Table, number>> = {};
  for (const [table, key] of Object.entries(TABLES)) {
    const name = `'${table} ' || ${key.map(each => `"${each}"`).join(` || ' ' || `)}`;
    const rows = await query(
      `WITH "erased" AS (
         DELETE FROM "${table}" WHERE "createdAt" < $1::timestamptz
           AND NOT EXISTS (SELECT FROM "living" WHERE "name" = ${name}) RETURNING "${key.at(-1)}" AS "id"),
       "noted" AS (INSERT INTO "gone" SELECT '${table}', "id" FROM "erased")
       SELECT count(*)::int AS "count" FROM "erased"`,
      [at],
    );
    counts[table as Table] = Number(rows[0]?.count);
  }
  // What tells of them, and is tied to them by their ids only.
  await query(`DELETE FROM "Email" WHERE EXISTS (SELECT FROM "gone" WHERE "gone"."id" = ANY("Email"."about"))`);
  await query(`DELETE FROM "Delivery" WHERE "subjectId" IN (SELECT "id" FROM "gone")`);
  await query('DROP TABLE "living", "gone"');
  return counts;
}
