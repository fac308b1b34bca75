import type { Product } from '@confab/contract';
import { type Db, Prisma } from '../../db/database.ts';
import { type Period, within } from '../../lib/cursor.ts';
import type { Chunk } from './chunk.ts';
import { type HeldIndexes, heldWordIndex } from './held-index.ts';
import { dictionaryFor, type Indexed, indexOf, sampleOf, wordingOf, wordsOf } from './indexing.ts';
import { dictionaries, dictionaryOf } from './language.ts';
import { databaseIndex, keyOf, rankByWords } from './ranking.ts';

/** Raised when cleaning, cutting or indexing changes, so that the same document is indexed anew. */
export const INDEX_VERSION = 2;

/** Who brought a document: a plugin, or the relay itself. */
export type Origin = 'plugin' | 'crawl' | 'entry' | 'upload';

export type NewDocument = {
  id: string;
  origin: Origin;
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

/** A document that is to be indexed anew. */
export type Outdated = {
  siteId: string;
  id: string;
  title: string;
  locale: string | null;
  contentHash: string;
  siteLocale: string;
};

/** A passage of a document. */
export type Passage = {
  documentId: string;
  ordinal: number;
  externalId: string;
  url: string;
  title: string;
  locale: string | null;
  heading: string;
  text: string;
  /** What code says of it, and since when it is known to be so. */
  product: Product | null;
  syncedAt: Date;
};

/**
 * A passage that fits a question. `coverage` is the share of the question, by weight, that it holds; `similarity` how
 * near it is in meaning, where that is known.
 */
export type Found = Passage & { score: number; coverage: number; similarity: number | null };

export type KnowledgeStore = ReturnType<typeof knowledgeStore>;

/** Every query of the knowledge. `held` is what of it stands in memory. */
export const knowledgeStore = (db: Db, held?: HeldIndexes) => ({
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
  async replace(siteId: string, document: NewDocument, languages: Languages): Promise<void> {
    const { chunks, ...columns } = document;
    const { dictionary, passages } = await indexed(db, document, languages);
    const attributes = columns.attributes as Prisma.InputJsonObject;
    const product = columns.product ?? Prisma.DbNull;
    const index = { dictionary, chunkCount: chunks.length, length: lengthOf(passages), indexVersion: INDEX_VERSION };
    const { id, externalId, ...changed } = { ...columns, ...index, attributes, product };
    const theDocument = Prisma.sql`
      (SELECT "id" FROM "Document" WHERE "siteId" = ${siteId}::uuid AND "externalId" = ${externalId})`;
    const ordinals = chunks.map((_, ordinal) => ordinal);
    const headings = chunks.map(chunk => chunk.heading);
    const texts = chunks.map(chunk => chunk.text);
    await db.$transaction([
      db.document.upsert({
        where: { siteId_externalId: { siteId, externalId } },
        create: { siteId, id, externalId, ...changed },
        update: changed,
      }),
      db.$executeRaw`DELETE FROM "Chunk" WHERE "siteId" = ${siteId}::uuid AND "documentId" = ${theDocument}`,
      db.$executeRaw`
        WITH "new" AS (
          INSERT INTO "Chunk" ("siteId", "documentId", "ordinal", "heading", "text")
          SELECT ${siteId}::uuid, ${theDocument}, "ordinal", "heading", "text"
          FROM unnest(${ordinals}::int[], ${headings}::text[], ${texts}::text[]) AS given("ordinal", "heading", "text")
          RETURNING "id", "ordinal"
        )
        ${insertTerms(siteId, passages)}`,
    ]);
    await held?.changed(siteId);
  },

  /** Documents whose passages are indexed by an earlier version, from behind this one on. */
  outdated: (after: { siteId: string; id: string }, limit: number) =>
    db.$queryRaw<Outdated[]>`
      SELECT "siteId"::text, "Document"."id"::text, "title", "locale", "contentHash",
        "settings"->>'locale' AS "siteLocale"
      FROM "Document" JOIN "Site" ON "Site"."id" = "siteId"
      WHERE "indexVersion" < ${INDEX_VERSION}
        AND ("siteId", "Document"."id") > (${after.siteId}::uuid, ${after.id}::uuid)
      ORDER BY "siteId", "Document"."id" LIMIT ${limit}`,

  /** Indexes the passages that a document has, unless it was replaced meanwhile. */
  async indexAnew({ siteId, id, title, contentHash }: Outdated, languages: Languages): Promise<void> {
    const chunks = await db.chunk.findMany({ where: { siteId, documentId: id }, orderBy: { ordinal: 'asc' } });
    const { dictionary, passages } = await indexed(db, { title, chunks }, languages);
    const ordinals = chunks.map(({ ordinal }) => ordinal);
    const theSame = Prisma.sql`
      "Document"."siteId" = ${siteId}::uuid AND "Document"."id" = ${id}::uuid AND "contentHash" = ${contentHash}
      AND "indexVersion" < ${INDEX_VERSION}`;
    const ofDocument = Prisma.sql`"Chunk"."siteId" = ${siteId}::uuid AND "Chunk"."documentId" = "Document"."id"`;
    await db.$transaction([
      // Whoever replaces it waits.
      db.$executeRaw`SELECT FROM "Document" WHERE ${theSame} FOR UPDATE`,
      db.$executeRaw`
        DELETE FROM "ChunkTerm" USING "Chunk", "Document"
        WHERE ${theSame} AND ${ofDocument}
          AND "ChunkTerm"."siteId" = ${siteId}::uuid AND "ChunkTerm"."chunk" = "Chunk"."id"`,
      db.$executeRaw`
        WITH "new" AS (
          SELECT "Chunk"."id", "place"::int - 1 AS "ordinal" FROM "Document" JOIN "Chunk" ON ${ofDocument}
          JOIN unnest(${ordinals}::int[]) WITH ORDINALITY AS given("ordinal", "place") USING ("ordinal")
          WHERE ${theSame}
        )
        ${insertTerms(siteId, passages)}`,
      db.$executeRaw`
        UPDATE "Document" SET "dictionary" = ${dictionary}, "chunkCount" = ${chunks.length},
          "length" = ${lengthOf(passages)}, "indexVersion" = ${INDEX_VERSION}
        WHERE ${theSame}`,
    ]);
    await held?.changed(siteId);
  },

  /** Gives the number of documents that were there. */
  async remove(siteId: string, origin: Origin, externalIds: string[]): Promise<number> {
    const { count } = await db.document.deleteMany({ where: { siteId, origin, externalId: { in: externalIds } } });
    if (count > 0) await held?.changed(siteId);
    return count;
  },

  /** By id, newest first: a document that is synced again meanwhile keeps its place. */
  list: (siteId: string, origin: Origin, synced: Period, before: string | undefined, limit: number) =>
    db.document.findMany({
      where: { siteId, origin, syncedAt: within(synced), ...(before !== undefined && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit,
      omit: { attributes: true, product: true },
    }),

  async status(siteId: string) {
    const documents = await db.document.aggregate({ where: { siteId }, _count: true, _max: { syncedAt: true } });
    const chunks = await db.chunk.count({ where: { siteId } });
    return { documents: documents._count, chunks, lastSyncedAt: documents._max.syncedAt };
  },

  rankByWords(siteId: string, question: string, how: Parameters<typeof rankByWords>[2]) {
    const index = held?.of(siteId);
    return rankByWords(index && held ? heldWordIndex(index, held.stemsOf) : databaseIndex(db, siteId), question, how);
  },

  /** What these passages say, by where they stand. */
  async passages(
    siteId: string,
    places: readonly { documentId: string; ordinal: number }[],
  ): Promise<ReadonlyMap<string, Passage>> {
    const index = held?.of(siteId);
    if (index && places.every(place => index.texts.has(keyOf(place)))) return index.texts;
    const rows = await db.$queryRaw<Passage[]>`
      SELECT "documentId"::text, "ordinal", "externalId", "url", "title", "locale", "heading", "text", "product",
        "syncedAt"
      FROM unnest(${places.map(each => each.documentId)}::uuid[], ${places.map(each => each.ordinal)}::int[])
        AS place("documentId", "ordinal")
      JOIN "Chunk" USING ("documentId", "ordinal")
      JOIN "Document" ON "Document"."siteId" = ${siteId}::uuid AND "Document"."id" = "documentId"
      WHERE "Chunk"."siteId" = ${siteId}::uuid`;
    return new Map(rows.map(row => [keyOf(row), row]));
  },
});

/** The languages a text may be in: what its page says, and what its site speaks. */
export type Languages = { declared: string | null; site: string };

/** The words of a document as the index has them. */
async function indexed(db: Db, { title, chunks }: { title: string; chunks: Chunk[] }, { declared, site }: Languages) {
  const wording = wordingOf(title, chunks);
  const counts = await db.$queryRaw<{ dictionary: string; count: number }[]>`
    SELECT "dictionary", count(*) FILTER (WHERE ts_lexize("dictionary"::regdictionary, "word") = '{}')::int AS "count"
    FROM unnest(${dictionaries}::text[]) AS "dictionary", unnest(${sampleOf(wording)}::text[]) AS "word"
    GROUP BY "dictionary" ORDER BY "dictionary"`;
  const stopWords = new Map(counts.map(({ dictionary, count }) => [dictionary, count]));
  const dictionary = dictionaryFor(
    stopWords,
    declared === null ? undefined : dictionaryOf(declared),
    dictionaryOf(site),
  );
  const words = wordsOf(wording);
  const [row] = await db.$queryRaw<{ stems: (string | null)[] }[]>`
    SELECT ARRAY(
      SELECT (ts_lexize(${dictionary}::regdictionary, "word"))[1]
      FROM unnest(${words}::text[]) WITH ORDINALITY AS given("word", "place") ORDER BY "place"
    ) AS "stems"`;
  return { dictionary, passages: indexOf(wording, new Map(words.map((word, at) => [word, row?.stems[at] ?? null]))) };
}

const lengthOf = (passages: readonly Indexed[]): number => passages.reduce((sum, { length }) => sum + length, 0);

/** Writes the terms of the passages that `"new"` gives the ids of. */
function insertTerms(siteId: string, passages: readonly Indexed[]): Prisma.Sql {
  const rows = passages.flatMap(({ frequencies, length }, ordinal) =>
    [...frequencies].map(([term, frequency]) => ({ ordinal, term, frequency, length })),
  );
  return Prisma.sql`
    INSERT INTO "ChunkTerm" ("siteId", "term", "chunk", "frequency", "length")
    SELECT ${siteId}::uuid, "term", "new"."id", "frequency", "length"
    FROM unnest(${rows.map(row => row.ordinal)}::int[], ${rows.map(row => row.term)}::text[],
      ${rows.map(row => row.frequency)}::real[], ${rows.map(row => row.length)}::real[])
      AS given("ordinal", "term", "frequency", "length") JOIN "new" USING ("ordinal")`;
}
