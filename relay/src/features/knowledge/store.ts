import { type Db, Prisma } from '../../db/database.ts';
import type { Chunk } from './chunk.ts';

export type NewDocument = {
  id: string;
  externalId: string;
  type: string;
  url: string;
  title: string;
  locale: string | null;
  attributes: object;
  contentHash: string;
  updatedAt: Date;
  syncedAt: Date;
  chunks: Chunk[];
};

/** A passage that holds words of the question. `coverage` is the share of the question, by weight, that it holds. */
export type Found = {
  documentId: string;
  externalId: string;
  url: string;
  title: string;
  heading: string;
  text: string;
  score: number;
  coverage: number;
};

/** Words that make a question and say nothing of its subject, which PostgreSQL's stop words leave in; English, stemmed. */
const idleTerms = 'much mani would could may might pleas tell want like get got ok'.split(' ');

export type KnowledgeStore = ReturnType<typeof knowledgeStore>;

/** How much more a word counts in a title or a heading than in the text. */
const TITLE_WEIGHT = 3;
const HEADING_WEIGHT = 2;

/** BM25's usual constants: how soon repetition stops to count, and how much length does. */
const K1 = 1.2;
const B = 0.75;

/** Every query of the knowledge. */
export const knowledgeStore = (db: Db) => ({
  async contentHashes(siteId: string, externalIds: string[]): Promise<Map<string, string>> {
    const rows = await db.document.findMany({
      where: { siteId, externalId: { in: externalIds } },
      select: { externalId: true, contentHash: true },
    });
    return new Map(rows.map(row => [row.externalId, row.contentHash]));
  },

  /** Puts the document in place of its earlier version, whole or not at all. */
  async replace(siteId: string, document: NewDocument, textSearch: string): Promise<void> {
    const { chunks, ...columns } = document;
    const attributes = columns.attributes as Prisma.InputJsonObject;
    const { id, externalId, ...changed } = { ...columns, attributes };
    const theDocument = Prisma.sql`
      (SELECT "id" FROM "Document" WHERE "siteId" = ${siteId}::uuid AND "externalId" = ${externalId})`;
    const ordinals = chunks.map((_, ordinal) => ordinal);
    const headings = chunks.map(chunk => chunk.heading);
    const texts = chunks.map(chunk => chunk.text);
    const given = Prisma.sql`
      unnest(${ordinals}::int[], ${headings}::text[], ${texts}::text[]) AS given("ordinal", "heading", "text")`;
    await db.$transaction([
      db.document.upsert({
        where: { siteId_externalId: { siteId, externalId } },
        create: { siteId, id, externalId, ...changed },
        update: changed,
      }),
      db.$executeRaw`DELETE FROM "Chunk" WHERE "siteId" = ${siteId}::uuid AND "documentId" = ${theDocument}`,
      db.$executeRaw`
        INSERT INTO "Chunk" ("siteId", "documentId", "ordinal", "heading", "text", "length")
        SELECT ${siteId}::uuid, ${theDocument}, "ordinal", "heading", "text", 0 FROM ${given}`,
      db.$executeRaw`
        WITH "terms" AS (
          INSERT INTO "ChunkTerm" ("siteId", "term", "documentId", "ordinal", "frequency")
          SELECT ${siteId}::uuid, "lexeme", ${theDocument}, "ordinal", sum("weight" * cardinality("positions"))
          FROM ${given}
          CROSS JOIN LATERAL (VALUES (${TITLE_WEIGHT}::float, ${columns.title}),
            (${HEADING_WEIGHT}::float, "heading"), (1::float, "text")) AS field("weight", "words")
          CROSS JOIN LATERAL unnest(to_tsvector(${textSearch}::regconfig, "words"))
          GROUP BY "lexeme", "ordinal"
          RETURNING "ordinal", "frequency"
        )
        UPDATE "Chunk" SET "length" = "total"
        FROM (SELECT "ordinal", sum("frequency") AS "total" FROM "terms" GROUP BY "ordinal") AS "sums"
        WHERE "siteId" = ${siteId}::uuid AND "documentId" = ${theDocument} AND "Chunk"."ordinal" = "sums"."ordinal"`,
    ]);
  },

  /** Gives the number of documents that were there. */
  async remove(siteId: string, externalIds: string[]): Promise<number> {
    const { count } = await db.document.deleteMany({ where: { siteId, externalId: { in: externalIds } } });
    return count;
  },

  /** By id, newest first: a document that is synced again meanwhile keeps its place. */
  list: (siteId: string, before: string | undefined, limit: number) =>
    db.document.findMany({
      where: { siteId, ...(before !== undefined && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit,
      omit: { attributes: true },
    }),

  async status(siteId: string) {
    const documents = await db.document.aggregate({ where: { siteId }, _count: true, _max: { syncedAt: true } });
    const chunks = await db.chunk.count({ where: { siteId } });
    return { documents: documents._count, chunks, lastSyncedAt: documents._max.syncedAt };
  },

  /**
   * The passages of the site that fit the question best, by BM25 over stemmed words: a word that few passages hold
   * counts more than one that many do. `textSearches` are the languages that the question may be in; of each document
   * come the best `perDocument`.
   */
  async search(
    siteId: string,
    question: string,
    { textSearches, perDocument, limit }: { textSearches: string[]; perDocument: number; limit: number },
  ): Promise<Found[]> {
    return db.$queryRaw<Found[]>`
      WITH "asked" AS (
        SELECT DISTINCT "lexeme" AS "term"
        FROM unnest(${textSearches}::text[]) AS language
        CROSS JOIN LATERAL unnest(to_tsvector(language::regconfig, ${question}))
        WHERE "lexeme" <> ALL (${idleTerms}::text[])
      ), "site" AS (
        -- A handful of passages says little about which words are rare.
        SELECT greatest(count(*), 50)::float AS "chunks", greatest(avg("length"), 1) AS "averageLength"
        FROM "Chunk" WHERE "siteId" = ${siteId}::uuid
      ), "hits" AS MATERIALIZED (
        -- One look into the index for each word: without statistics a plain join would read the site's whole index.
        SELECT "ofWord".* FROM "asked" CROSS JOIN LATERAL (
          SELECT * FROM "ChunkTerm" WHERE "siteId" = ${siteId}::uuid AND "term" = "asked"."term" OFFSET 0
        ) AS "ofWord"
      ), "rarity" AS (
        SELECT "asked"."term",
          ln(1 + ("site"."chunks" - count("hits"."term") + 0.5) / (count("hits"."term") + 0.5)) AS "weight"
        FROM "asked" CROSS JOIN "site" LEFT JOIN "hits" USING ("term") GROUP BY "asked"."term", "site"."chunks"
      ), "whole" AS (
        SELECT sum("weight") AS "weight" FROM "rarity"
      ), "scored" AS (
        SELECT "documentId", "ordinal", sum("rarity"."weight") / max("whole"."weight") AS "coverage",
          sum("rarity"."weight" * "frequency" * (${K1}::float + 1)
            / ("frequency" + ${K1}::float * (1 - ${B}::float + ${B}::float * "length" / "averageLength"))) AS "score"
        FROM "hits" JOIN "rarity" USING ("term") CROSS JOIN "site" CROSS JOIN "whole"
        JOIN "Chunk" USING ("siteId", "documentId", "ordinal")
        GROUP BY "documentId", "ordinal"
      ), "placed" AS (
        SELECT *, row_number() OVER (PARTITION BY "documentId" ORDER BY "score" DESC, "ordinal") AS "place" FROM "scored"
      ), "ranked" AS (
        SELECT * FROM "placed" WHERE "place" <= ${perDocument} ORDER BY "score" DESC, "documentId", "ordinal" LIMIT ${limit}
      )
      SELECT "ranked"."documentId"::text, "externalId", "url", "title", "heading", "text",
        "score"::float AS "score", "coverage"::float AS "coverage"
      FROM "ranked"
      JOIN "Chunk" ON "Chunk"."siteId" = ${siteId}::uuid AND "Chunk"."documentId" = "ranked"."documentId"
        AND "Chunk"."ordinal" = "ranked"."ordinal"
      JOIN "Document" ON "Document"."siteId" = ${siteId}::uuid AND "Document"."id" = "ranked"."documentId"
      ORDER BY "score" DESC, "ranked"."documentId", "ranked"."ordinal"`;
  },
});
