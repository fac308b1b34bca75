import { type Db, Prisma } from '../../db/database.ts';

export type Of = { siteId: string; conversationId: string };

/** A conversation that somebody is in now. */
export type Active = {
  conversationId: string;
  pageUrl: string;
  pageTitle: string | null;
  since: Date;
  lastSeenAt: Date;
  present: boolean;
  takenOverBy: string | null;
  takenOverName: string | null;
};

/** Of so many views at the most, the newest, the pages are counted. */
const VIEWS_MAX = 50_000;

export type LiveStore = ReturnType<typeof liveStore>;

/** Every query of who is there. Presence is fresh where it was renewed since `fresh`. */
export const liveStore = (db: Db) => ({
  /** The visitor is there, by this process. True where nobody knew that. Nothing is kept of what is restricted or gone. */
  async arrive({ siteId, conversationId }: Of, holder: string, at: Date, fresh: Date): Promise<boolean> {
    const rows = await db.$queryRaw<{ isNew: boolean }[]>`
      WITH "arrived" AS (
        INSERT INTO "Presence" ("siteId", "conversationId", "holder", "since", "seenAt")
        SELECT "siteId", "id", ${holder}::uuid, ${at}::timestamptz, ${at}::timestamptz FROM "Conversation"
        WHERE "siteId" = ${siteId}::uuid AND "id" = ${conversationId}::uuid AND "restrictedAt" IS NULL FOR KEY SHARE
        ON CONFLICT ("siteId", "conversationId", "holder") DO UPDATE SET "seenAt" = EXCLUDED."seenAt"
        RETURNING "siteId", "conversationId"
      )
      SELECT NOT ${isThere(Prisma.sql`"arrived"`, fresh)} AS "isNew" FROM "arrived"`;
    return rows[0]?.isNew ?? false;
  },

  /** The visitor is not there by this process any more. True where they are by none. */
  async depart({ siteId, conversationId }: Of, holder: string, fresh: Date): Promise<boolean> {
    const rows = await db.$queryRaw<{ isGone: boolean }[]>`
      WITH "departed" AS (
        DELETE FROM "Presence" WHERE "siteId" = ${siteId}::uuid AND "conversationId" = ${conversationId}::uuid
          AND "holder" = ${holder}::uuid RETURNING "siteId", "conversationId"
      )
      SELECT NOT ${isThere(Prisma.sql`"departed"`, fresh, holder)} AS "isGone" FROM "departed"`;
    return rows[0]?.isGone ?? false;
  },

  /** Those of the conversations that a handle still opens, at sites that still have a widget. */
  async open(all: Of[]): Promise<Of[]> {
    return db.$queryRaw<Of[]>`
      SELECT "Conversation"."siteId"::text, "Conversation"."id"::text AS "conversationId"
      FROM "Conversation" JOIN "Site" ON "Site"."id" = "Conversation"."siteId" AND "Site"."secretHash" IS NOT NULL
      WHERE ("Conversation"."siteId", "Conversation"."id") IN (SELECT * FROM ${listed(all)})
        AND "handleHash" NOT LIKE 'closed %'`;
  },

  /** They are still there. */
  async stay(all: Of[], holder: string, at: Date): Promise<void> {
    await db.$executeRaw`
      INSERT INTO "Presence" ("siteId", "conversationId", "holder", "since", "seenAt")
      SELECT "siteId", "id", ${holder}::uuid, ${at}::timestamptz, ${at}::timestamptz FROM "Conversation"
      WHERE ("siteId", "id") IN (SELECT * FROM ${listed(all)}) AND "restrictedAt" IS NULL
      ORDER BY "siteId", "id" FOR KEY SHARE
      ON CONFLICT ("siteId", "conversationId", "holder") DO UPDATE SET "seenAt" = EXCLUDED."seenAt"`;
  },

  /** Forgets what was not renewed, and gives those who are there by no process any more. */
  sweep: (fresh: Date) => gone(db, Prisma.sql`"seenAt" < ${fresh}::timestamptz`, fresh),

  /** The same for all that this process said, as it stops. */
  leave: (holder: string, fresh: Date) => gone(db, Prisma.sql`"holder" = ${holder}::uuid`, fresh),

  /** Who wrote, saw a page or had the chat open since then, whoever did so last first; nobody who is restricted. */
  active: (siteId: string, since: Date, fresh: Date, limit: number) => db.$queryRaw<Active[]>`
    WITH "sign" AS (
      SELECT "conversationId", min("createdAt") AS "first", max("createdAt") AS "last", FALSE AS "present"
      FROM "Message" WHERE "siteId" = ${siteId}::uuid AND "createdAt" >= ${since}::timestamptz AND "role" = 'visitor'
      GROUP BY "conversationId"
      UNION ALL
      SELECT "conversationId", min("createdAt"), max("createdAt"), FALSE FROM "PageView"
      WHERE "siteId" = ${siteId}::uuid AND "createdAt" >= ${since}::timestamptz GROUP BY "conversationId"
      UNION ALL
      SELECT "conversationId", min("since"), max("seenAt"), TRUE FROM "Presence"
      WHERE "siteId" = ${siteId}::uuid AND "seenAt" >= ${fresh}::timestamptz GROUP BY "conversationId"
    ), "seen" AS (
      SELECT "conversationId", min("first") AS "since", max("last") AS "lastSeenAt", bool_or("present") AS "present"
      FROM "sign" GROUP BY "conversationId"
    )
    SELECT "seen"."conversationId"::text, coalesce("view"."url", "pageUrl") AS "pageUrl",
      CASE WHEN "view"."url" IS NULL OR "view"."url" = "pageUrl" THEN "pageTitle" END AS "pageTitle",
      "seen"."since", "seen"."lastSeenAt", "seen"."present", "takenOverBy"::text, "takenOverName"
    FROM "seen"
      JOIN "Conversation" ON "Conversation"."siteId" = ${siteId}::uuid
        AND "Conversation"."id" = "seen"."conversationId" AND "restrictedAt" IS NULL
      LEFT JOIN LATERAL (
        SELECT "url" FROM "PageView" WHERE "PageView"."siteId" = ${siteId}::uuid
          AND "PageView"."conversationId" = "seen"."conversationId"
        ORDER BY "createdAt" DESC, "id" DESC LIMIT 1
      ) "view" ON TRUE
    ORDER BY "seen"."lastSeenAt" DESC, "seen"."conversationId" DESC LIMIT ${limit}`,

  /** The pages seen most often since then. */
  pages: (siteId: string, since: Date, limit: number) => db.$queryRaw<{ url: string; views: number }[]>`
    SELECT "url", count(*)::int AS "views" FROM (
      SELECT "url", "conversationId" FROM "PageView"
      WHERE "siteId" = ${siteId}::uuid AND "createdAt" >= ${since}::timestamptz
      ORDER BY "createdAt" DESC LIMIT ${VIEWS_MAX}
    ) "view"
    WHERE EXISTS (SELECT FROM "Conversation" WHERE "Conversation"."siteId" = ${siteId}::uuid
      AND "Conversation"."id" = "view"."conversationId" AND "restrictedAt" IS NULL)
    GROUP BY "url" ORDER BY "views" DESC, "url" LIMIT ${limit}`,
});

/** Whether another row than those of `holder` says that the visitor of this one is there. */
const isThere = (row: Prisma.Sql, fresh: Date, holder?: string) => Prisma.sql`
  EXISTS (SELECT FROM "Presence" other WHERE other."siteId" = ${row}."siteId"
    AND other."conversationId" = ${row}."conversationId" AND other."seenAt" >= ${fresh}::timestamptz
    ${holder === undefined ? Prisma.empty : Prisma.sql`AND other."holder" <> ${holder}::uuid`})`;

const listed = (all: Of[]) => Prisma.sql`
  unnest(${all.map(({ siteId }) => siteId)}::uuid[], ${all.map(({ conversationId }) => conversationId)}::uuid[])`;

const gone = (db: Db, which: Prisma.Sql, fresh: Date) => db.$queryRaw<Of[]>`
  WITH "gone" AS (DELETE FROM "Presence" WHERE ${which} RETURNING "siteId", "conversationId", "holder")
  SELECT DISTINCT "siteId"::text, "conversationId"::text FROM "gone"
  WHERE NOT EXISTS (SELECT FROM "Presence" other WHERE other."siteId" = "gone"."siteId"
    AND other."conversationId" = "gone"."conversationId" AND other."holder" <> "gone"."holder"
    AND other."seenAt" >= ${fresh}::timestamptz)`;
