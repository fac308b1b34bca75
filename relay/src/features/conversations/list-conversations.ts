import { type Db, Prisma } from '../../db/database.ts';
import { allOf, FEW, fewIds } from '../../db/few.ts';
import { wordsQuery } from '../../db/words.ts';
import type { Place } from '../../lib/cursor.ts';

/** So many times a page are looked through before anything is searched for. */
const GLANCE = 10;

/** Which conversations of a site are listed; what is not given does not matter. */
export type ConversationFilters = {
  /** Words of one of its messages, the last one perhaps not whole. Restricted ones are never found by them. */
  q?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** A language tag, or the beginning of one: "de" is also "de-AT". */
  locale?: string | undefined;
  outcome?: 'answered' | 'unanswered' | undefined;
  state?: 'waiting' | 'taken_over' | 'open' | undefined;
  lead?: boolean | undefined;
};

export type ListedConversation = {
  id: string;
  createdAt: Date;
  locale: string | null;
  pageUrl: string;
  restrictedAt: Date | null;
  takenOver: boolean;
  waiting: boolean;
  messages: number;
  answered: number;
  unanswered: number;
  lastRole: 'visitor' | 'assistant' | 'agent' | null;
  lastMessageAt: Date | null;
  hasLead: boolean;
};

type Row = Pick<
  ListedConversation,
  'id' | 'createdAt' | 'locale' | 'pageUrl' | 'restrictedAt' | 'takenOver' | 'waiting'
>;

/** The conversations of a site behind a place, newest first, each with how it stands. */
export async function listConversations(
  db: Db,
  siteId: string,
  filters: ConversationFilters,
  after: Place | undefined,
  limit: number,
): Promise<ListedConversation[]> {
  const words = filters.q === undefined ? undefined : wordsQuery(siteId, filters.q);
  // Without a word in it there is nothing to be found by.
  if (filters.q !== undefined && words === undefined) return [];
  const behind = after && Prisma.sql`(c."createdAt", c."id") < (${after.at}::timestamptz, ${after.id}::uuid)`;
  const conditions = conditionsOf(filters, words);
  const finding = findingOf(siteId, filters, words);
  if (finding === undefined) return withStanding(db, siteId, await page(allOf([behind, ...conditions])));
  // What many have in common is among the next ones, and looking for all of it would take longer.
  const next = await page(
    allOf(conditions),
    Prisma.sql`(
    SELECT * FROM "Conversation" c WHERE c."siteId" = ${siteId}::uuid AND ${allOf([behind])}
    ORDER BY c."createdAt" DESC, c."id" DESC LIMIT ${GLANCE * limit})`,
  );
  if (next.length === limit) return withStanding(db, siteId, next);
  const few = await fewIds(db, finding);
  if (few === undefined) return withStanding(db, siteId, await page(allOf([behind, ...conditions])));
  // What they were found by need not be looked at again.
  const others = words === undefined ? conditions : conditionsOf({ ...filters, q: undefined }, undefined);
  const found = Prisma.sql`c."id" = ANY (${few}::uuid[]) AND (${words === undefined} OR c."restrictedAt" IS NULL)`;
  return withStanding(db, siteId, await page(allOf([behind, found, ...others])));

  function page(condition: Prisma.Sql, among = Prisma.sql`"Conversation"`): Promise<Row[]> {
    return db.$queryRaw<Row[]>`
      SELECT c."id"::text AS "id", c."createdAt", c."locale", c."pageUrl", c."restrictedAt", c."waiting",
        c."takenOverBy" IS NOT NULL AS "takenOver"
      FROM ${among} c WHERE c."siteId" = ${siteId}::uuid AND ${condition}
      ORDER BY c."createdAt" DESC, c."id" DESC LIMIT ${limit}`;
  }
}

/** What most narrows the list, found by its own index; nothing where the list itself has one for what is asked. */
function findingOf(
  siteId: string,
  { outcome, lead }: ConversationFilters,
  words: string | undefined,
): Prisma.Sql | undefined {
  if (words !== undefined) {
    // Its own subquery, so that PostgreSQL looks into the one index alone and not also into that of all the site's messages.
    return Prisma.sql`
      SELECT "conversationId" AS "id" FROM (
        SELECT "siteId", "conversationId" FROM "Message" WHERE "words" @@ (SELECT ${words}::tsquery) OFFSET 0) found
      WHERE "siteId" = ${siteId}::uuid`;
  }
  if (lead) {
    return Prisma.sql`
      SELECT "conversationId" AS "id" FROM "Lead" WHERE "siteId" = ${siteId}::uuid AND "conversationId" IS NOT NULL
      ORDER BY "createdAt" DESC LIMIT ${FEW + 1}`;
  }
  if (outcome === undefined) return undefined;
  return Prisma.sql`
    SELECT "conversationId" AS "id" FROM "Message" WHERE "siteId" = ${siteId}::uuid AND "outcome" = ${outcome}
    ORDER BY "createdAt" DESC LIMIT ${FEW + 1}`;
}

/**
 * `(SELECT … LIMIT 1)` and not EXISTS: that is looked up for each row in turn, until the page is full. By the messages of that
 * conversation, never by another index, which would be read anew for each row: so none fits how the conditions are put.
 */
function conditionsOf(filters: ConversationFilters, words: string | undefined): (Prisma.Sql | undefined)[] {
  const { from, to, locale, outcome, state, lead } = filters;
  const hasMessage = (condition: Prisma.Sql) => Prisma.sql`(
    SELECT TRUE FROM "Message" m WHERE m."siteId" = c."siteId" AND m."conversationId" = c."id" AND ${condition}
    LIMIT 1)`;
  const hasLead = Prisma.sql`(
    SELECT TRUE FROM "Lead" l WHERE l."siteId" = c."siteId" AND l."conversationId" = c."id" LIMIT 1)`;
  const states = {
    waiting: Prisma.sql`c."waiting"`,
    taken_over: Prisma.sql`c."takenOverBy" IS NOT NULL`,
    open: Prisma.sql`NOT c."waiting" AND c."takenOverBy" IS NULL`,
  };
  const hasOutcome = (name: string) => hasMessage(Prisma.sql`coalesce(m."outcome", '') = ${name}`);
  const isOpen = hasOutcome('unanswered');
  const outcomes = {
    unanswered: isOpen,
    answered: Prisma.sql`${hasOutcome('answered')} AND ${isOpen} IS NOT TRUE`,
  };
  return [
    from === undefined ? undefined : Prisma.sql`c."createdAt" >= ${new Date(from)}::timestamptz`,
    to === undefined ? undefined : Prisma.sql`c."createdAt" < ${new Date(to)}::timestamptz`,
    locale === undefined
      ? undefined
      : Prisma.sql`(lower(c."locale") = ${locale.toLowerCase()}
          OR lower(c."locale") LIKE ${`${locale.toLowerCase()}-%`})`,
    state && states[state],
    outcome && outcomes[outcome],
    lead === undefined ? undefined : lead ? hasLead : Prisma.sql`${hasLead} IS NOT TRUE`,
    words === undefined
      ? undefined
      : Prisma.sql`c."restrictedAt" IS NULL AND ${hasMessage(Prisma.sql`ts_match_vq(m."words", ${words}::tsquery)`)}`,
  ];
}

type Standing = Pick<ListedConversation, 'messages' | 'answered' | 'unanswered' | 'lastRole' | 'lastMessageAt'>;

/** Two more queries for the whole page. */
async function withStanding(db: Db, siteId: string, rows: Row[]): Promise<ListedConversation[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const [standings, leads] = await Promise.all([
    db.$queryRaw<(Standing & { id: string })[]>`
      SELECT "conversationId"::text AS "id", count(*)::int AS "messages", max("createdAt") AS "lastMessageAt",
        (count(*) FILTER (WHERE "outcome" = 'answered'))::int AS "answered",
        (count(*) FILTER (WHERE "outcome" = 'unanswered'))::int AS "unanswered",
        (array_agg("role" ORDER BY "createdAt" DESC, "id" DESC))[1] AS "lastRole"
      FROM "Message" WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ANY (${ids}::uuid[])
      GROUP BY "conversationId"`,
    db.lead.findMany({
      where: { siteId, conversationId: { in: ids } },
      select: { conversationId: true },
      distinct: ['conversationId'],
    }),
  ]);
  const byId = new Map(standings.map(({ id, ...standing }) => [id, standing]));
  const nothing = { messages: 0, answered: 0, unanswered: 0, lastRole: null, lastMessageAt: null };
  const leading = new Set(leads.map(({ conversationId }) => conversationId));
  return rows.map(row => ({ ...row, ...(byId.get(row.id) ?? nothing), hasLead: leading.has(row.id) }));
}
