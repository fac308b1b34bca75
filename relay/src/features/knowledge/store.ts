import type { Product } from '@confab/contract';
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
  product: Product | null;
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
  /** What code says of it, and since when it is known to be so. */
  product: Product | null;
  syncedAt: Date;
  score: number;
  coverage: number;
};

/** Words that make a question and say nothing of its subject, which PostgreSQL's stop words leave in; English, stemmed. */
const idleTerms = 'much mani would could may might pleas tell want like get got ok'.split(' ');

/**
 * Words that ask for what code says of a product and that its text need not hold, by the languages of our own texts. They
 * tell nothing of whether the product is the one that is meant.
 */
const factWords = `
  price cost costs cheap cheaper cheapest expensive stock available availability sold sell offer size sizes colour colours
  color variant variants come
  preis preise kosten kostet viel teuer teurer günstig günstiger billiger lager lieferbar verfügbar vorrätig ausverkauft
  verkauft verkaufen führt größe größen farbe farben gibt
  prix combien coûte coûtent cher stock disponible épuisé vendez taille tailles couleur couleurs
  precio precios cuánto cuesta cuestan caro barato existencias agotado venden vende talla tallas color colores`;

export type KnowledgeStore = ReturnType<typeof knowledgeStore>;

/** How much more a word counts in a title or a heading than in the text. */
const TITLE_WEIGHT = 3;
const HEADING_WEIGHT = 2;

/** BM25's usual constants: how soon repetition stops to count, and how much length does. */
const K1 = 1.2;
const B = 0.75;

/** Every query of the knowledge. */
export const knowledgeStore = (db: Db) => ({
  /** What is held of these documents. */
  async versions(
    siteId: string,
    externalIds: string[],
  ): Promise<Map<string, { contentHash: string; updatedAt: Date }>> {
    const rows = await db.document.findMany({
      where: { siteId, externalId: { in: externalIds } },
      select: { externalId: true, contentHash: true, updatedAt: true },
    });
    return new Map(rows.map(row => [row.externalId, row]));
  },

  /** Puts the document in place of its earlier version, whole or not at all. */
  async replace(siteId: string, document: NewDocument, textSearch: string): Promise<void> {
    const { chunks, ...columns } = document;
    const attributes = columns.attributes as Prisma.InputJsonObject;
    const product = columns.product ?? Prisma.DbNull;
    const { id, externalId, ...changed } = { ...columns, attributes, product };
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
      omit: { attributes: true, product: true },
    }),

  async status(siteId: string) {
    const documents = await db.document.aggregate({ where: { siteId }, _count: true, _max: { syncedAt: true } });
    const chunks = await db.chunk.count({ where: { siteId } });
    return { documents: documents._count, chunks, lastSyncedAt: documents._max.syncedAt };
  },

  /**
   * The passages of the site that fit the question best, by BM25 over stemmed words: a word that few passages hold
   * counts more than one that many do. `textSearches` are the languages that the question may be in; of each document
   * come the best `perDocument`. What is asked about a product, such as its price, takes nothing from its coverage.
   */
  async search(
    siteId: string,
    question: string,
    { textSearches, perDocument, limit }: { textSearches: string[]; perDocument: number; limit: number },
  ): Promise<Found[]> {
    return db.$queryRaw<Found[]>`
      WITH "asked" AS (
        -- The same word in each language: its place in the question tells which belong together.
        SELECT "lexeme" AS "term", "positions"[1] AS "place"
        FROM unnest(${textSearches}::text[]) AS language
        CROSS JOIN LATERAL unnest(to_tsvector(language::regconfig, ${question}))
        WHERE "lexeme" <> ALL (${idleTerms}::text[])
      ), "terms" AS (
        SELECT DISTINCT "term" FROM "asked"
      ), "site" AS (
        -- A handful of passages says little about which words are rare.
        SELECT greatest(count(*), 50)::float AS "chunks", greatest(avg("length"), 1) AS "averageLength"
        FROM "Chunk" WHERE "siteId" = ${siteId}::uuid
      ), "hits" AS MATERIALIZED (
        -- One look into the index for each word: without statistics a plain join would read the site's whole index.
        SELECT "ofWord".* FROM "terms" CROSS JOIN LATERAL (
          SELECT * FROM "ChunkTerm" WHERE "siteId" = ${siteId}::uuid AND "term" = "terms"."term" OFFSET 0
        ) AS "ofWord"
      ), "facts" AS (
        SELECT unnest(tsvector_to_array(to_tsvector(language::regconfig, ${factWords}))) AS "term"
        FROM unnest(${textSearches}::text[]) AS language
      ), "rarity" AS (
        SELECT "terms"."term", ln(1 + ("site"."chunks" - count("hits"."term") + 0.5) / (count("hits"."term") + 0.5)) AS "weight"
        FROM "terms" CROSS JOIN "site" LEFT JOIN "hits" USING ("term") GROUP BY "terms"."term", "site"."chunks"
      ), "words" AS (
        -- What says nothing in one of the languages says nothing; what is known in one of them is known.
        SELECT "place", min("weight") AS "weight", bool_or("term" IN (SELECT "term" FROM "facts")) AS "isFact"
        FROM "asked" JOIN "rarity" USING ("term")
        GROUP BY "place" HAVING count(*) = cardinality(${textSearches}::text[])
      ), "whole" AS (
        SELECT sum("weight") AS "weight", sum("weight") FILTER (WHERE NOT "isFact") AS "ofSubject" FROM "words"
      ), "scored" AS (
        SELECT "documentId", "ordinal",
          sum("rarity"."weight" * "frequency" * (${K1}::float + 1)
            / ("frequency" + ${K1}::float * (1 - ${B}::float + ${B}::float * "length" / "averageLength"))) AS "score"
        FROM "hits" JOIN "rarity" USING ("term") CROSS JOIN "site"
        JOIN "Chunk" USING ("siteId", "documentId", "ordinal")
        GROUP BY "documentId", "ordinal"
      ), "placed" AS (
        SELECT *, row_number() OVER (PARTITION BY "documentId" ORDER BY "score" DESC, "ordinal") AS "place" FROM "scored"
      ), "ranked" AS (
        SELECT * FROM "placed" WHERE "place" <= ${perDocument} ORDER BY "score" DESC, "documentId", "ordinal" LIMIT ${limit}
      ), "held" AS (
        SELECT DISTINCT "hits"."documentId", "hits"."ordinal", "words".*
        FROM "ranked" JOIN "hits" USING ("documentId", "ordinal") JOIN "asked" USING ("term")
        JOIN "words" ON "words"."place" = "asked"."place"
      ), "covered" AS (
        SELECT "documentId", "ordinal", sum("held"."weight") / max("whole"."weight") AS "coverage",
          coalesce(sum("held"."weight") FILTER (WHERE NOT "isFact"), 0) / max("whole"."ofSubject") AS "ofSubject"
        FROM "held" CROSS JOIN "whole" GROUP BY "documentId", "ordinal"
      )
      SELECT "ranked"."documentId"::text, "externalId", "url", "title", "heading", "text", "product", "syncedAt",
        "score"::float AS "score",
        coalesce(CASE WHEN "product" IS NOT NULL THEN "ofSubject" END, "coverage", 0)::float AS "coverage"
      FROM "ranked"
      LEFT JOIN "covered" USING ("documentId", "ordinal")
      JOIN "Chunk" ON "Chunk"."siteId" = ${siteId}::uuid AND "Chunk"."documentId" = "ranked"."documentId"
        AND "Chunk"."ordinal" = "ranked"."ordinal"
      JOIN "Document" ON "Document"."siteId" = ${siteId}::uuid AND "Document"."id" = "ranked"."documentId"
      ORDER BY "score" DESC, "ranked"."documentId", "ranked"."ordinal"`;
  },
});
