import { type Db, Prisma, type Tx } from '../../db/database.ts';
import type { Kind } from './kinds.ts';

/** Writing so much takes the embedded database some hundredths of a second, in which this process does nothing else. */
export const PIECE_BYTES = 1024 * 1024;

export type StoredExport = Prisma.AccountExportGetPayload<object>;
export type Column = { name: string; type: string; nullable: boolean };
/** Where a file stands: the values of the kind's key. */
export type Key = string[];

export type ExportStore = ReturnType<typeof exportStore>;

const quoted = (name: string) => Prisma.raw(`"${name.replaceAll('"', '""')}"`);
const columnOf = (name: string) => Prisma.sql`t.${quoted(name)}`;

/** Every query of the archives, and those that read what goes into them. */
export const exportStore = (db: Db) => ({
  /** Lets nobody else ask for one until `tx` ends. */
  async lockAccount(tx: Tx, accountId: string): Promise<void> {
    await tx.$queryRaw`SELECT 1 FROM "Account" WHERE "id" = ${accountId}::uuid FOR UPDATE`;
  },

  async accountName(accountId: string): Promise<string | undefined> {
    return (await db.account.findUnique({ where: { id: accountId }, select: { name: true } }))?.name;
  },

  /** Where a mail to the user goes, as long as they belong to the account. */
  async person(tx: Tx, accountId: string, userId: string) {
    const row = await tx.member.findUnique({
      where: { accountId_userId: { accountId, userId } },
      select: { account: { select: { name: true } }, user: { select: { email: true, locale: true } } },
    });
    return row && { to: row.user.email, locale: row.user.locale ?? 'en', accountName: row.account.name };
  },

  underWay: (tx: Tx, accountId: string) => tx.accountExport.findFirst({ where: { accountId, status: 'making' } }),

  /** Takes the place of those before. */
  async add(tx: Tx, row: StoredExport): Promise<void> {
    await tx.accountExport.deleteMany({ where: { accountId: row.accountId } });
    await tx.accountExport.create({ data: row });
  },

  find: (accountId: string, id: string) => db.accountExport.findUnique({ where: { accountId_id: { accountId, id } } }),

  list: (accountId: string) => db.accountExport.findMany({ where: { accountId }, orderBy: { createdAt: 'desc' } }),

  async removePieces(accountId: string, exportId: string): Promise<void> {
    await db.accountExportPiece.deleteMany({ where: { accountId, exportId } });
  },

  /** False where the archive is not wanted any more. */
  async addPiece(accountId: string, exportId: string, ordinal: number, bytes: Buffer): Promise<boolean> {
    // As bytes of its own Prisma would need ten times as long.
    const added = await db.$executeRaw`
      INSERT INTO "AccountExportPiece" ("accountId", "exportId", "ordinal", "bytes")
      SELECT "accountId", "id", ${ordinal}, decode(${bytes.toString('base64')}, 'base64') FROM "AccountExport"
      WHERE "accountId" = ${accountId}::uuid AND "id" = ${exportId}::uuid AND "status" = 'making'`;
    return added > 0;
  },

  async piece(accountId: string, exportId: string, ordinal: number): Promise<Buffer | undefined> {
    const [row] = await db.$queryRaw<{ bytes: string }[]>`
      SELECT encode("bytes", 'base64') AS "bytes" FROM "AccountExportPiece"
      WHERE "accountId" = ${accountId}::uuid AND "exportId" = ${exportId}::uuid AND "ordinal" = ${ordinal}`;
    return row && Buffer.from(row.bytes, 'base64');
  },

  /** False where it is not wanted any more. */
  async finish(
    tx: Tx,
    accountId: string,
    id: string,
    outcome: { status: 'ready' | 'failed'; bytes: bigint | null; completedAt: Date; expiresAt: Date },
  ): Promise<boolean> {
    const { count } = await tx.accountExport.updateMany({ where: { accountId, id, status: 'making' }, data: outcome });
    return count > 0;
  },

  /** Deletes what is past its time; gives how many. */
  async removeExpired(now: Date): Promise<number> {
    return (await db.accountExport.deleteMany({ where: { expiresAt: { lte: now } } })).count;
  },

  /** The sites of the account in the order of their making, a page at a time. */
  sitesOf: (accountId: string, after: string | undefined, limit: number) =>
    db.site.findMany({
      where: { accountId, ...(after && { id: { gt: after } }) },
      orderBy: { id: 'asc' },
      take: limit,
      select: { id: true },
    }),

  columnsOf: (table: string): Promise<Column[]> =>
    db.$queryRaw<Column[]>`
      SELECT "column_name"::text AS "name", "udt_name"::text AS "type", "is_nullable" = 'YES' AS "nullable"
      FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ${table}
      ORDER BY "ordinal_position"`,

  /** Rows of the kind as lines of JSON, from behind `after`; and where the last one stands. */
  async rows(
    { table, of, key, more = {}, ifRestricted }: Kind,
    columns: string[],
    ownerId: string,
    after: Key | undefined,
    limit: number,
  ): Promise<{ lines: string[]; last: Key | undefined }> {
    const shown = columns.map(name =>
      Array.isArray(ifRestricted) && !ifRestricted.includes(name)
        ? Prisma.sql`CASE WHEN t."restrictedAt" IS NULL THEN ${columnOf(name)} END AS ${quoted(name)}`
        : columnOf(name),
    );
    const added = Object.entries(more).map(([name, sql]) => Prisma.sql`(${Prisma.raw(sql)}) AS ${quoted(name)}`);
    const places = [of, ...Object.keys(key)].map(columnOf);
    const values = Object.values(key).map((type, at) => Prisma.sql`${after?.[at]}::text::${Prisma.raw(type)}`);
    const behind = after
      ? Prisma.sql`AND (${Prisma.join(places)}) > (${Prisma.join([Prisma.sql`${ownerId}::uuid`, ...values])})`
      : Prisma.empty;
    const free =
      ifRestricted === 'left out with its conversation'
        ? Prisma.sql`AND NOT EXISTS (SELECT FROM "Conversation" c WHERE c."siteId" = t."siteId"
            AND c."id" = t."conversationId" AND c."restrictedAt" IS NOT NULL)`
        : Prisma.empty;
    const order = Prisma.join(places);
    const rows = await db.$queryRaw<{ line: string; place: Key }[]>`
      SELECT row_to_json(shown)::text AS "line",
        ARRAY[${Prisma.join(places.map(place => Prisma.sql`${place}::text`))}] AS "place"
      FROM (
        SELECT t.* FROM ${quoted(table)} t WHERE ${columnOf(of)} = ${ownerId}::uuid ${behind} ${free}
        ORDER BY ${order} LIMIT ${limit}
      ) t CROSS JOIN LATERAL (SELECT ${Prisma.join([...shown, ...added])}) shown
      ORDER BY ${order}`;
    return { lines: rows.map(({ line }) => line), last: rows.at(-1)?.place.slice(1) };
  },
});
