import type { Query } from './backup.ts';
import { type Db, Prisma } from './database.ts';

/** Where encrypted values lie: names of a table and its columns, and the SQL that tells which key has encrypted a row. */
export type SealedPlace = { table: string; id: string[]; columns: string[]; keyId: string };

export type SealedRow = Record<string, unknown>;

/** The values of the row's key, as text, by which the next batch begins behind it. */
export type SealedAt = string[];

/** Statements without values, on the database that the services have open. */
export const queryIn =
  (db: Db): Query =>
  sql =>
    db.$queryRawUnsafe(sql);

/** How many rows each key has encrypted, by the key's name. */
export async function countSealed(query: Query, { table, keyId }: SealedPlace): Promise<Map<string, number>> {
  // A database that was not migrated yet may not have the table.
  const [found] = await query(`SELECT to_regclass('"${table}"') IS NOT NULL AS "is"`);
  if (!found?.is) return new Map();
  const rows = await query(
    `SELECT ${keyId} AS "key", count(*)::int AS "count" FROM "${table}" WHERE ${keyId} IS NOT NULL GROUP BY 1 ORDER BY 1`,
  );
  return new Map(rows.map(({ key, count }) => [String(key), Number(count)]));
}

/** The next rows, in the order of their keys, that another key than this one has encrypted. */
export async function sealedByOthers(
  db: Db,
  { table, id, columns, keyId }: SealedPlace,
  current: string,
  after: SealedAt | undefined,
  limit: number,
): Promise<SealedRow[]> {
  const names = Prisma.raw([...id, ...columns].map(quoted).join(', '));
  const place = Prisma.raw(`ROW(${id.map(name => `${quoted(name)}::text`).join(', ')})`);
  const behind = after ? Prisma.sql`AND ${place} > ROW(${Prisma.join(after)})` : Prisma.empty;
  return db.$queryRaw<SealedRow[]>`
    SELECT ${names} FROM ${Prisma.raw(quoted(table))}
    WHERE ${Prisma.raw(keyId)} <> ${current} ${behind}
    ORDER BY ${Prisma.raw(id.map(name => `${quoted(name)}::text`).join(', '))} LIMIT ${limit}`;
}

/** Where this row stands in their order. */
export const placeOf = ({ id }: SealedPlace, row: SealedRow): SealedAt => id.map(name => String(row[name]));

/** Writes what is resealed, unless somebody has changed the row in the meantime. Tells whether it did. */
export async function replaceSealed(
  db: Db,
  { table, id, columns }: SealedPlace,
  row: SealedRow,
  sealed: SealedRow,
): Promise<boolean> {
  const sets = Object.entries(sealed).map(([name, value]) => Prisma.sql`${Prisma.raw(quoted(name))} = ${value}`);
  const same = [
    ...id.map(name => Prisma.sql`${Prisma.raw(quoted(name))}::text = ${String(row[name])}`),
    ...columns.map(name => Prisma.sql`${Prisma.raw(quoted(name))} = ${row[name]}`),
  ];
  const count = await db.$executeRaw`
    UPDATE ${Prisma.raw(quoted(table))} SET ${Prisma.join(sets)} WHERE ${Prisma.join(same, ' AND ')}`;
  return count > 0;
}

const quoted = (name: string) => `"${name}"`;
