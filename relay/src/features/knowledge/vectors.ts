import { type Db, Prisma } from '../../db/database.ts';
import type { Ranked } from './ranking.ts';

/** A text of the site that has no vector yet; `hash` names it. */
export type Unembedded = { hash: string; text: string };

export type Vectors = ReturnType<typeof vectorStore>;

/** What is embedded of a passage: its page and heading say what a short text is about. */
const embedded = Prisma.sql`concat_ws(E'\n', nullif("title", ''), nullif("heading", ''), "text")`;

/** Passages that are given their hash at once. */
const HASHES = 1_000;

/**
 * Every query of the embeddings, of a database that has the table (`db/vectors.ts`). `model` names who made a vector:
 * only those of one model can be compared.
 */
export const vectorStore = (db: Db) => ({
  /** The passages of the site that are nearest to the vector, of all that have one, best first. */
  nearest: (siteId: string, model: string, vector: Float32Array, limit: number) =>
    db.$queryRaw<(Ranked & { similarity: number })[]>`
      WITH "near" AS MATERIALIZED (
        -- Of vectors of length 1 the inner product is the cosine; the operator gives its negative.
        SELECT "textHash", "vector" <#> ${literal(vector)}::halfvec AS "distance" FROM "Embedding"
        WHERE "siteId" = ${siteId}::uuid AND "model" = ${model} AND "vector" IS NOT NULL
        ORDER BY "distance", "textHash" LIMIT ${limit}
      )
      SELECT "documentId"::text, "ordinal", -"distance" AS "score", -"distance" AS "similarity"
      FROM "near" JOIN "Chunk" USING ("textHash")
      WHERE "siteId" = ${siteId}::uuid
      ORDER BY "distance", "documentId", "ordinal" LIMIT ${limit}`,

  /** How many passages wait for a vector, and how many cannot have one. */
  async progress(siteId: string, model: string): Promise<{ pending: number; failed: number }> {
    const [counts] = await db.$queryRaw<{ pending: number; failed: number }[]>`
      SELECT count(*) FILTER (WHERE "model" IS NULL)::int AS "pending",
        count(*) FILTER (WHERE "model" IS NOT NULL AND "vector" IS NULL)::int AS "failed"
      FROM "Chunk" LEFT JOIN "Embedding" ON "Embedding"."siteId" = ${siteId}::uuid AND "model" = ${model}
        AND "Embedding"."textHash" = "Chunk"."textHash"
      WHERE "Chunk"."siteId" = ${siteId}::uuid`;
    return counts ?? { pending: 0, failed: 0 };
  },

  /** Gives passages that have none the hash of what is embedded of them; true while there are more. */
  async hash(siteId: string): Promise<boolean> {
    // A document that is just being replaced is left out, so that neither waits for the other for ever.
    const count = await db.$executeRaw`
      WITH "new" AS (
        SELECT "documentId", "ordinal" FROM "Chunk" WHERE "siteId" = ${siteId}::uuid AND "textHash" IS NULL
        LIMIT ${HASHES} FOR UPDATE SKIP LOCKED
      )
      UPDATE "Chunk" SET "textHash" = sha256(convert_to(${embedded}, 'UTF8'))
      FROM "new", "Document"
      WHERE "Chunk"."siteId" = ${siteId}::uuid AND "Chunk"."documentId" = "new"."documentId"
        AND "Chunk"."ordinal" = "new"."ordinal"
        AND "Document"."siteId" = ${siteId}::uuid AND "Document"."id" = "new"."documentId"`;
    return count === HASHES;
  },

  /** Texts that have neither a vector nor failed, by their hash, from behind this one on. */
  unembedded: (siteId: string, model: string, after: string, limit: number) =>
    db.$queryRaw<Unembedded[]>`
      SELECT DISTINCT ON ("textHash") encode("textHash", 'hex') AS "hash", ${embedded} AS "text"
      FROM "Chunk" JOIN "Document" ON "Document"."siteId" = ${siteId}::uuid AND "Document"."id" = "documentId"
      WHERE "Chunk"."siteId" = ${siteId}::uuid AND "textHash" > decode(${after}, 'hex') AND NOT EXISTS (
        SELECT FROM "Embedding" WHERE "Embedding"."siteId" = ${siteId}::uuid AND "model" = ${model}
          AND "Embedding"."textHash" = "Chunk"."textHash")
      ORDER BY "textHash" LIMIT ${limit}`,

  /** Keeps the vectors of these texts, unless the site is gone. */
  async keep(siteId: string, model: string, hashes: string[], vectors: Float32Array[]): Promise<void> {
    const literals = vectors.map(literal);
    await db.$executeRaw`
      INSERT INTO "Embedding" ("siteId", "model", "textHash", "vector")
      SELECT "Site"."id", ${model}, decode("hash", 'hex'), "vector"::halfvec
      FROM unnest(${hashes}::text[], ${literals}::text[]) AS given("hash", "vector")
      JOIN "Site" ON "Site"."id" = ${siteId}::uuid
      ON CONFLICT ("siteId", "model", "textHash") DO UPDATE SET "vector" = excluded."vector"`;
  },

  /** Counts every text that has no vector as failed. */
  async giveUp(siteId: string, model: string): Promise<void> {
    await db.$executeRaw`
      INSERT INTO "Embedding" ("siteId", "model", "textHash")
      SELECT DISTINCT "siteId", ${model}, "textHash" FROM "Chunk"
      WHERE "siteId" = ${siteId}::uuid AND "textHash" IS NOT NULL
      ON CONFLICT DO NOTHING`;
  },

  /** Lets go of what failed, of the vectors of other models, and of those whose text no passage has any more. */
  async tidy(siteId: string, model: string): Promise<void> {
    await db.$executeRaw`
      DELETE FROM "Embedding" WHERE "siteId" = ${siteId}::uuid AND ("vector" IS NULL OR "model" <> ${model}
        OR NOT EXISTS (SELECT FROM "Chunk" WHERE "Chunk"."siteId" = ${siteId}::uuid
          AND "Chunk"."textHash" = "Embedding"."textHash"))`;
  },

  /** Lets go of every vector of the site. */
  async remove(siteId: string): Promise<void> {
    await db.$executeRaw`DELETE FROM "Embedding" WHERE "siteId" = ${siteId}::uuid`;
  },

  /** Sites whose vectors may not be what their settings say, by id, from behind this one on. */
  async sites(after: string, limit: number): Promise<string[]> {
    const rows = await db.$queryRaw<{ id: string }[]>`
      SELECT "id"::text FROM "Site" WHERE "id" > ${after}::uuid AND (
        "settings" #>> '{answers,embeddings}' = 'openai'
        OR EXISTS (SELECT FROM "Embedding" WHERE "siteId" = "Site"."id"))
      ORDER BY "id" LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  },
});

/** More digits than half precision holds. */
const literal = (vector: Float32Array) => `[${Array.from(vector, number => number.toPrecision(5)).join()}]`;
