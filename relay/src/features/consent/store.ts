import type { Receipt } from '@confab/contract';
import { type Db, Prisma } from '../../db/database.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Notice } from './notice.ts';

/** A record before it has its place in the log. */
export type Decision = Omit<Receipt, 'siteKey' | 'sequence' | 'hash' | 'previousHash'>;

const FIRST_PREVIOUS_HASH = '0'.repeat(64);

export type ConsentStore = ReturnType<typeof consentStore>;

/** Every query of the consent log. */
export const consentStore = (db: Db) => ({
  /**
   * Appends one record, in one statement: the row of the chain is locked while the hash is made from the one before,
   * so that any number of processes write one unbroken log. The hash is the SHA-256 of the receipt's RFC 8785 JSON,
   * which PostgreSQL puts together, as only it knows the record's place.
   */
  async append(
    site: { id: string; key: string },
    decision: Decision,
    notice: Notice,
    token: { hash: string; expiresAt: Date } | undefined,
  ): Promise<Receipt> {
    const [before, between, after] = receiptTemplate({ ...decision, siteKey: site.key });
    const recordedAt = new Date(decision.recordedAt);
    const [row] = await db.$queryRaw<{ sequence: number; hash: string; previousHash: string }[]>`
      WITH "appended" AS (
        INSERT INTO "ConsentChain" AS chain ("siteId", "sequence", "previousHash", "hash")
        VALUES (${site.id}::uuid, 1, ${FIRST_PREVIOUS_HASH},
          encode(sha256(convert_to(${before} || ${FIRST_PREVIOUS_HASH} || ${between} || '1' || ${after}, 'UTF8')), 'hex'))
        ON CONFLICT ("siteId") DO UPDATE SET
          "sequence" = chain."sequence" + 1,
          "previousHash" = chain."hash",
          "hash" = encode(sha256(convert_to(
            ${before} || chain."hash" || ${between} || (chain."sequence" + 1)::text || ${after}, 'UTF8')), 'hex')
        RETURNING "sequence", "hash", "previousHash"
      ), "record" AS (
        INSERT INTO "ConsentRecord" ("siteId", "sequence", "id", "decision", "purposes", "noticeVersion", "noticeHash",
          "locale", "source", "recordedAt", "hash", "previousHash")
        SELECT ${site.id}::uuid, "sequence", ${decision.id}::uuid, ${decision.decision}, ${decision.purposes}::text[],
          ${decision.noticeVersion}, ${decision.noticeHash}, ${decision.locale}, ${decision.source},
          ${recordedAt}::timestamptz, "hash", "previousHash"
        FROM "appended"
      ), "notice" AS (
        INSERT INTO "Notice" ("siteId", "hash", "version", "locale", "wording")
        VALUES (${site.id}::uuid, ${notice.hash}, ${notice.version}, ${notice.locale}, ${notice.wording}::jsonb)
        ON CONFLICT DO NOTHING
      ), "expired" AS (
        DELETE FROM "ConsentToken" WHERE "siteId" = ${site.id}::uuid AND "expiresAt" <= ${recordedAt}::timestamptz
      ), "token" AS (
        INSERT INTO "ConsentToken" ("siteId", "hash", "sequence", "expiresAt")
        SELECT ${site.id}::uuid, ${token?.hash ?? ''}, "sequence", ${token?.expiresAt ?? recordedAt}::timestamptz
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

  async record(siteId: string, sequence: number) {
    const row = await db.consentRecord.findUnique({ where: { siteId_sequence: { siteId, sequence } } });
    if (!row) return undefined;
    const notice = await db.notice.findUnique({ where: { siteId_hash: { siteId, hash: row.noticeHash } } });
    return { ...row, notice: notice?.wording as Notice['wording'] | undefined };
  },

  /** Part of a statement: takes the token away and gives the `"sequence"` of its record, or no row. */
  spending: (siteId: string, tokenHash: string, now: Date) => Prisma.sql`
    DELETE FROM "ConsentToken"
    WHERE "siteId" = ${siteId}::uuid AND "hash" = ${tokenHash} AND "expiresAt" > ${now}::timestamptz
    RETURNING "sequence"`,
});

/** The receipt's JSON in three pieces; its previous hash and its sequence number belong between them. */
function receiptTemplate(receipt: Omit<Receipt, 'sequence' | 'hash' | 'previousHash'>): string[] {
  const hole = '\u{f8ff}';
  const json = canonicalJson({ ...receipt, previousHash: hole, sequence: hole });
  const [before, between, after] = json.split(`"${hole}"`) as [string, string, string];
  return [`${before}"`, `"${between}`, after];
}
