import { type Db, Prisma } from './database.ts';

/** So many rows are found and looked at one by one in a few milliseconds. */
export const FEW = 2_000;

/**
 * The ids that a statement finds by an index of its own, where they are few. Where they are many, undefined: then they are
 * soon met by walking through the list in its order, which is what a page with this condition does. Nobody but us can
 * know which of the two is quick: PostgreSQL plans a statement once for all values.
 */
export async function fewIds(db: Db, finding: Prisma.Sql): Promise<string[] | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    WITH "found" AS MATERIALIZED (${finding}) SELECT "id"::text AS "id" FROM "found" LIMIT ${FEW + 1}`;
  return rows.length > FEW ? undefined : [...new Set(rows.map(({ id }) => id))];
}

/** All of the conditions; true where there is none. */
export const allOf = (conditions: (Prisma.Sql | undefined)[]): Prisma.Sql => {
  const given = conditions.filter(each => each !== undefined);
  return given.length === 0 ? Prisma.sql`TRUE` : Prisma.join(given, ' AND ');
};
