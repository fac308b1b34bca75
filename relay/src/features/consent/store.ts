import type { Checkpoint, LoggedNotice, Purpose, Receipt } from '@confab/contract';
import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { type Period, within } from '../../lib/cursor.ts';
import type { Site } from '../sites/index.ts';
import { BEGINNING, FIRST_PREVIOUS_HASH, type Position } from './checkpoint.ts';
import type { Notice } from './notice.ts';

type ConsentRecord = Prisma.ConsentRecordGetPayload<object>;
type NoticeRow = Prisma.NoticeGetPayload<object>;

/** A record before it has its place in the log. */
export type Decision = Omit<Receipt, 'siteKey' | 'sequence' | 'hash' | 'previousHash'>;

/** A token before its record has its place in the log. */
export type NewToken = { hash: string; subjectKey: Uint8Array; expiresAt: Date };

export type ConsentStore = ReturnType<typeof consentStore>;

/** Every query of the consent log. */
export const consentStore = (db: Db) => ({
  /**
   * Appends one record, in one statement: the row of the chain is locked while the hash is made from the one before,
   * so that any number of processes write one unbroken log, and whatever else is written waits for that lock, so that
   * nothing is decided on what a purge is about to take away. The hash is the SHA-256 of the receipt's RFC 8785 JSON,
   * which PostgreSQL puts together, as only it knows the record's place.
   */
  async append(
    site: { id: string; key: string },
    decision: Decision,
    notice: Notice,
    token: NewToken | undefined,
    tx: Tx = db,
  ): Promise<Receipt> {
    const [before, between, after] = receiptTemplate({ ...decision, siteKey: site.key });
    const recordedAt = new Date(decision.recordedAt);
    const [row] = await tx.$queryRaw<{ sequence: number; hash: string; previousHash: string }[]>`
      WITH "appended" AS (
        INSERT INTO "ConsentChain" AS chain ("siteId", "sequence", "previousHash", "hash")
        VALUES (${site.id}::uuid, 1, ${FIRST_PREVIOUS_HASH},
          encode(sha256(convert_to(
            ${before} || ${FIRST_PREVIOUS_HASH} || ${between} || '1' || ${after}, 'UTF8')), 'hex'))
        ON CONFLICT ("siteId") DO UPDATE SET
          "sequence" = chain."sequence" + 1,
          "previousHash" = chain."hash",
          "hash" = encode(sha256(convert_to(
            ${before} || chain."hash" || ${between} || (chain."sequence" + 1)::text || ${after}, 'UTF8')), 'hex')
        RETURNING "sequence", "hash", "previousHash"
      ), "record" AS (
        INSERT INTO "ConsentRecord" ("siteId", "sequence", "id", "decision", "purposes", "noticeVersion", "noticeHash",
          "locale", "source", "subject", "recordedAt", "hash", "previousHash")
        SELECT ${site.id}::uuid, "sequence", ${decision.id}::uuid, ${decision.decision}, ${decision.purposes}::text[],
          ${decision.noticeVersion}, ${decision.noticeHash}, ${decision.locale}, ${decision.source},
          ${decision.subject ?? null}::text, ${recordedAt}::timestamptz, "hash", "previousHash"
        FROM "appended"
      ), "notice" AS (
        INSERT INTO "Notice" ("siteId", "hash", "version", "locale", "wording")
        SELECT ${site.id}::uuid, ${notice.hash}, ${notice.version}, ${notice.locale}, ${notice.wording}::jsonb
        FROM "appended" ON CONFLICT DO NOTHING
      ), "expired" AS (
        DELETE FROM "ConsentToken" USING "appended"
        WHERE "siteId" = ${site.id}::uuid AND "expiresAt" <= ${recordedAt}::timestamptz
      ), "token" AS (
        INSERT INTO "ConsentToken" ("siteId", "hash", "sequence", "subjectKey", "expiresAt")
        SELECT ${site.id}::uuid, ${token?.hash ?? ''}, "sequence", ${token?.subjectKey ?? null}::bytea,
          ${token?.expiresAt ?? recordedAt}::timestamptz
        FROM "appended" WHERE ${token !== undefined}
      )
      SELECT "sequence", "hash", "previousHash" FROM "appended"`;
    if (!row) throw new Error('the consent log returned no record');
    return { ...decision, siteKey: site.key, ...row };
  },

  /** The notice that somebody has decided on before, whatever the site shows today. */
  async notice(siteId: string, version: string): Promise<Notice | undefined> {
    const row = await db.notice.findUnique({ where: { siteId_version: { siteId, version } } });
    return row ? { ...row, wording: row.wording as Notice['wording'] } : undefined;
  },

  /** The record with this number, where one is named, and those of the subject, in the order of the log. */
  async recordsOf(tx: Tx, site: Site, sequence: number | undefined, subject: string | undefined): Promise<Told[]> {
    const where = about(site.id, sequence, subject);
    return withNotices(tx, site, await tx.consentRecord.findMany({ where, orderBy: { sequence: 'asc' } }));
  },

  async receipt(site: Site, id: string): Promise<Receipt | undefined> {
    const row = await db.consentRecord.findUnique({ where: { siteId_id: { siteId: site.id, id } } });
    return row ? receiptOf(site, row) : undefined;
  },

  /** What the newest of these records that names the purpose says. */
  async lastDecision(tx: Tx, siteId: string, sequence: number, subject: string | undefined, purpose: Purpose) {
    const row = await tx.consentRecord.findFirst({
      where: { ...about(siteId, sequence, subject), purposes: { has: purpose } },
      orderBy: { sequence: 'desc' },
      select: { decision: true },
    });
    return row?.decision;
  },

  /**
   * Up to `limit` records behind `after`, or from where the log begins since it was pruned, with the notices that they
   * name: all as it stood at one moment. `before` is the place in front of them, `end` the end of the log.
   */
  readLog: (site: Site, after: number, limit: number) =>
    db.$transaction(
      async tx => {
        const siteId = site.id;
        const chain = await tx.consentChain.findUnique({ where: { siteId } });
        const end: Position = chain ?? BEGINNING;
        const pruned = (chain?.checkpoint ?? undefined) as Checkpoint | undefined;
        const sequence = Math.min(Math.max(after, pruned?.sequence ?? 0), end.sequence);
        const rows = await tx.consentRecord.findMany({
          where: { siteId, sequence: { gte: sequence, lte: end.sequence } },
          orderBy: { sequence: 'asc' },
          take: limit + 1,
        });
        const records = rows.filter(row => row.sequence > sequence).slice(0, limit);
        const hashes = [...new Set(records.map(({ noticeHash }) => noticeHash))];
        const notices = await tx.notice.findMany({ where: { siteId, hash: { in: hashes } } });
        const known = [BEGINNING, pruned, end, ...rows].find(place => place?.sequence === sequence);
        // The record in front can be missing only if somebody took it out of the database; the verifier will find out.
        const hash = known?.hash ?? rows[0]?.previousHash ?? BEGINNING.hash;
        return {
          end,
          pruned,
          before: { sequence, hash },
          records: records.map(row => receiptOf(site, row)),
          notices: notices.map(noticeOf),
        };
      },
      { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead },
    ),

  /** Up to `limit` records behind `after` that are of the period, in the order of the log, with the notices they name. */
  async records(site: Site, after: number, period: Period, limit: number) {
    const siteId = site.id;
    const rows = await db.consentRecord.findMany({
      where: { siteId, sequence: { gt: after }, recordedAt: within(period) },
      orderBy: { sequence: 'asc' },
      take: limit,
    });
    const hashes = [...new Set(rows.map(({ noticeHash }) => noticeHash))];
    const notices = await db.notice.findMany({ where: { siteId, hash: { in: hashes } } });
    return { records: rows.map(row => receiptOf(site, row)), notices: notices.map(noticeOf) };
  },

  /** How many records at the beginning of the log, without a gap, are older than the cut-off. */
  async countPrefix(tx: Tx, siteId: string, cutoff: Date): Promise<number> {
    const [row] = await tx.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS "count" FROM "ConsentRecord"
      WHERE "siteId" = ${siteId}::uuid AND "sequence" < coalesce((
        SELECT "sequence"::bigint FROM "ConsentRecord"
        WHERE "siteId" = ${siteId}::uuid AND "recordedAt" >= ${cutoff}::timestamptz
        ORDER BY "sequence" LIMIT 1), 9223372036854775807)`;
    return row?.count ?? 0;
  },

  /**
   * Takes up to `limit` of these records away, and the notices that no record names any more. What `sign` makes of the
   * last of them is left in their place. No record is appended meanwhile: the row of the chain is locked.
   */
  async prunePrefix(
    tx: Tx,
    siteId: string,
    cutoff: Date,
    limit: number,
    sign: (siteKey: string, position: Position) => Checkpoint,
  ): Promise<number> {
    const [chain] = await tx.$queryRaw<{ siteKey: string; pruned: number }[]>`
      SELECT site."key" AS "siteKey", coalesce((chain."checkpoint" ->> 'sequence')::int, 0) AS "pruned"
      FROM "ConsentChain" chain JOIN "Site" site ON site."id" = chain."siteId"
      WHERE chain."siteId" = ${siteId}::uuid FOR UPDATE OF chain`;
    if (!chain) return 0;
    // From the last checkpoint on: the index still holds the entries of what the batches before have deleted.
    const [last] = await tx.$queryRaw<Position[]>`
      WITH "head" AS (
        SELECT "sequence", "hash", "recordedAt" FROM "ConsentRecord"
        WHERE "siteId" = ${siteId}::uuid AND "sequence" > ${chain.pruned}::int ORDER BY "sequence" LIMIT ${limit}::int
      )
      SELECT "sequence", "hash" FROM "head" WHERE "sequence" < coalesce(
        (SELECT min("sequence")::bigint FROM "head" WHERE "recordedAt" >= ${cutoff}::timestamptz), 9223372036854775807)
      ORDER BY "sequence" DESC LIMIT 1`;
    if (!last) return 0;
    const [row] = await tx.$queryRaw<{ count: number }[]>`
      WITH "gone" AS (
        DELETE FROM "ConsentRecord" WHERE "siteId" = ${siteId}::uuid AND "sequence" <= ${last.sequence}::int
        RETURNING "noticeHash"
      ), "unused" AS (
        DELETE FROM "Notice" notice WHERE "siteId" = ${siteId}::uuid AND "hash" IN (SELECT "noticeHash" FROM "gone")
          AND (SELECT kept."sequence" FROM "ConsentRecord" kept
            WHERE kept."siteId" = ${siteId}::uuid AND kept."sequence" > ${last.sequence}::int
              AND kept."noticeHash" = notice."hash" ORDER BY kept."sequence" LIMIT 1) IS NULL
      )
      SELECT count(*)::int AS "count" FROM "gone"`;
    await tx.consentChain.update({ where: { siteId }, data: { checkpoint: sign(chain.siteKey, last) } });
    return row?.count ?? 0;
  },

  /** Takes away what nobody can begin a conversation with any more. */
  async forgetExpiredTokens(tx: Tx, siteId: string, now: Date): Promise<void> {
    await tx.consentToken.deleteMany({ where: { siteId, expiresAt: { lte: now } } });
  },

  /** Part of a statement: takes the token away and gives its `"sequence"` and `"subjectKey"`, or no row. */
  spending: (siteId: string, tokenHash: string, now: Date) => Prisma.sql`
    DELETE FROM "ConsentToken"
    WHERE "siteId" = ${siteId}::uuid AND "hash" = ${tokenHash} AND "expiresAt" > ${now}::timestamptz
    RETURNING "sequence", "subjectKey"`,
});

/** A record and the notice that it names. */
type Told = { receipt: Receipt; notice: LoggedNotice | undefined };

async function withNotices(tx: Tx, site: Site, rows: ConsentRecord[]): Promise<Told[]> {
  const hashes = [...new Set(rows.map(({ noticeHash }) => noticeHash))];
  const notices = await tx.notice.findMany({ where: { siteId: site.id, hash: { in: hashes } } });
  const byHash = new Map(notices.map(notice => [notice.hash, noticeOf(notice)]));
  return rows.map(row => ({ receipt: receiptOf(site, row), notice: byHash.get(row.noticeHash) }));
}

const about = (
  siteId: string,
  sequence: number | undefined,
  subject: string | undefined,
): Prisma.ConsentRecordWhereInput => ({
  siteId,
  OR: [...(sequence === undefined ? [] : [{ sequence }]), ...(subject === undefined ? [] : [{ subject }])],
});

function receiptOf(site: Site, { siteId: _, subject, recordedAt, ...row }: ConsentRecord): Receipt {
  // A record without a subject was hashed without the member.
  const known = { ...row, ...(subject !== null && { subject }) } as Decision & typeof row;
  return { ...known, siteKey: site.key, recordedAt: recordedAt.toISOString() };
}

function noticeOf({ siteId: _, wording, ...notice }: NoticeRow): LoggedNotice {
  return { ...notice, wording: wording as Notice['wording'] };
}

/** The receipt's JSON in three pieces; its previous hash and its sequence number belong between them. */
function receiptTemplate(receipt: Omit<Receipt, 'sequence' | 'hash' | 'previousHash'>): string[] {
  const hole = '\u{f8ff}';
  const json = canonicalJson({ ...receipt, previousHash: hole, sequence: hole });
  const [before, between, after] = json.split(`"${hole}"`) as [string, string, string];
  return [`${before}"`, `"${between}`, after];
}
