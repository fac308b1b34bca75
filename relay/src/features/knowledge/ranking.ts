import { type Db, Prisma } from '../../db/database.ts';
import { dictionaryOf, type Stems, stemmable } from './language.ts';
import { type Query, queryOf, type Sought, tokensOf } from './query.ts';

/** The place of a passage in one ranking, best first. */
export type Ranked = { documentId: string; ordinal: number; score: number };

/** Names the place of a passage. */
export const keyOf = ({ documentId, ordinal }: { documentId: string; ordinal: number }) => `${documentId} ${ordinal}`;

export type ByWords = {
  /**
   * `coverage` is the share of the question, by weight, that the passage holds; `share` is its score as a share of the best
   * that any passage could have for this question, which means the same on a site of any size.
   */
  ranked: (Ranked & { coverage: number; share: number })[];
  /** How many words of the question say something, and how many of those no page of the site holds. */
  terms: number;
  unknownTerms: number;
};

const NOTHING: ByWords = { ranked: [], terms: 0, unknownTerms: 0 };

/** BM25's constants: how soon repetition stops to count, and how much length does. */
const K1 = 1.6;
const B = 0.7;

/** A handful of passages says little about which words are rare. */
const CHUNKS_MIN = 50;

/** How often a word stands in a site is counted up to here: what is more common than that says nothing. */
const HITS_MAX = 20_000;

/** The rarest words choose the candidates, as many as stand in this many passages; the others only rank them. */
export const POSTINGS_MAX = 2_000;

/** How many candidates are ranked by all words, for each one that is asked for. */
export const CANDIDATES = 2;

/** Passages of one document beyond these say little new. */
export const PER_DOCUMENT = 3;

/** How much more a page in the question's own language counts: of a page in two languages it is the one to cite. */
export const OWN_LANGUAGE = 1.2;

/** A site's pages in more languages than these are looked for in the ones that most of them are in. */
const LANGUAGES_MAX = 6;

/** A site's index of words, wherever it is. */
export type WordIndex = {
  /** The languages of a site's pages, most used first, how much there is of them, and what theirs make of these words. */
  look(
    spoken: readonly string[],
    words: readonly string[],
  ): Promise<{ held: string[]; chunks: number; averageLength: number; stemsOf: ReadonlyMap<string, Stems> }>;
  /** How many passages hold each term, and the passages that hold the most of them, by weight. */
  rank(ranking: Ranking): Promise<{ hits: number[]; ranked: Hit[] }>;
};

/** What is looked for among so many passages of this length; `language` is the question's, where that is clear. */
export type Ranking = {
  sought: readonly Sought[];
  chunks: number;
  averageLength: number;
  language: string | undefined;
  limit: number;
};

export const databaseIndex = (db: Db, siteId: string): WordIndex => ({
  look: (spoken, words) => look(db, siteId, spoken, words),
  rank: ranking => rank(db, siteId, ranking),
});

/** How much a term counts that so many of the passages hold. */
export const weightOf = (factor: number, chunks: number, hits: number): number =>
  factor * Math.log(1 + Math.max(chunks - hits + 0.5, 0.5) / (hits + 0.5));

/** What a term of this weight adds to the score of a passage that holds it so often. */
export const partOf = (weight: number, frequency: number, length: number, averageLength: number): number =>
  (weight * frequency) / (frequency + K1 * (1 - B + (B * length) / averageLength));

/**
 * The passages of the site that fit the question best, by BM25 over stemmed words: a word that few passages hold
 * counts more than one that many do. `languages` are tags of those that the question may be in, the likeliest first;
 * words are looked for in every language of the pages. What is asked about a product, such as its price, takes nothing
 * from its coverage.
 */
export async function rankByWords(
  index: WordIndex,
  question: string,
  { languages, limit }: { languages: readonly string[]; limit: number },
): Promise<ByWords> {
  const tokens = tokensOf(question);
  if (tokens.length === 0) return NOTHING;
  const spoken = [...new Set(languages.map(dictionaryOf))];
  const { held, chunks, averageLength, stemsOf } = await index.look(spoken, stemmable(tokens));
  if (chunks === 0) return NOTHING;
  const query = queryOf(tokens, stemsOf, { spoken: [...new Set([...spoken, ...held])], held });
  const sought = query.sought.some(({ weight }) => weight === null)
    ? query.sought
    : // Nothing but stop words: then they are what is asked.
      query.sought.map(each => ({ ...each, weight: null }));
  const most = Math.max(chunks, CHUNKS_MIN);
  const { hits, ranked } = await index.rank({ sought, chunks: most, averageLength, language: query.language, limit });
  return judged(query, sought, hits, ranked, most);
}

async function look(db: Db, siteId: string, spoken: readonly string[], words: readonly string[]) {
  const rows = await db.$queryRaw<{ dictionary: string; chunks: number; length: number; stems: (string | null)[] }[]>`
    WITH "held" AS (
      SELECT "dictionary", sum("chunkCount")::int AS "chunks", sum("length")::float AS "length"
      FROM "Document" WHERE "siteId" = ${siteId}::uuid AND "chunkCount" > 0 GROUP BY "dictionary"
    )
    SELECT "dictionary", coalesce("chunks", 0) AS "chunks", coalesce("length", 0) AS "length", ARRAY(
        SELECT (ts_lexize("dictionary"::regdictionary, "word"))[1]
        FROM unnest(${words}::text[]) WITH ORDINALITY AS given("word", "place") ORDER BY "place"
      ) AS "stems"
    FROM "held" FULL JOIN unnest(${spoken}::text[]) AS "spoken" ("dictionary") USING ("dictionary")
    ORDER BY "chunks" DESC, "dictionary"`;
  const sum = (of: 'chunks' | 'length') => rows.reduce((total, row) => total + row[of], 0);
  const stemsOf = new Map<string, Stems>(
    rows.map(({ dictionary, stems }) => [dictionary, new Map(words.map((word, at) => [word, stems[at] ?? null]))]),
  );
  const held = rows.filter(row => row.chunks > 0).map(({ dictionary }) => dictionary);
  const chunks = sum('chunks');
  return { held: held.slice(0, LANGUAGES_MAX), chunks, averageLength: sum('length') / Math.max(chunks, 1), stemsOf };
}

/** `byWords` is the score without what the language of the page adds. */
export type Hit = Ranked & { isProduct: boolean | null; byWords: number; places: number[] };

async function rank(
  db: Db,
  id: string,
  { sought, chunks, averageLength, language, limit }: Ranking,
): Promise<{ hits: number[]; ranked: Hit[] }> {
  const terms = sought.map(({ text }) => text);
  const factors = sought.map(({ factor }) => factor);
  const weights = sought.map(({ weight }) => weight);
  const part = Prisma.sql`"weight" * "frequency" / (
    "frequency" + ${K1}::float * (1 - ${B}::float + ${B}::float * "ofTerm"."length" / ${averageLength}::float))`;
  const [answer] = await db.$queryRaw<[{ hits: number[]; ranked: Hit[] }]>`
    WITH "sought" AS MATERIALIZED (
      SELECT "term", "factor", "fixed", "place"::int FROM
        unnest(${terms}::text[], ${factors}::float[], ${weights}::float[])
        WITH ORDINALITY AS given("term", "factor", "fixed", "place")
    ), "counted" AS MATERIALIZED (
      SELECT "place", "term", "hits", sum("hits") OVER (ORDER BY "hits", "place") AS "upTo",
        "factor" * ln(1 + greatest(${chunks}::float - "hits" + 0.5, 0.5) / ("hits" + 0.5)) AS "weight"
      FROM "sought" CROSS JOIN LATERAL (
        SELECT count(*) AS "hits" FROM (
          SELECT FROM "ChunkTerm" WHERE "siteId" = ${id}::uuid AND "term" = "sought"."term" LIMIT ${HITS_MAX}
        ) AS "ofTerm"
      ) AS "counts"
      WHERE "fixed" IS NULL
    ), "choosing" AS MATERIALIZED (
      SELECT * FROM "counted" WHERE "hits" > 0 AND ("upTo" <= ${POSTINGS_MAX} OR "upTo" = "hits")
    ), "hits" AS MATERIALIZED (
      SELECT "chunk", "place", ${part} AS "part"
      FROM "choosing" CROSS JOIN LATERAL (
        SELECT "chunk", "frequency", "length" FROM "ChunkTerm"
        WHERE "siteId" = ${id}::uuid AND "term" = "choosing"."term" LIMIT ${POSTINGS_MAX}
      ) AS "ofTerm"
    ), "candidates" AS MATERIALIZED (
      SELECT "chunk", sum("part") AS "score" FROM "hits"
      GROUP BY "chunk" ORDER BY "score" DESC, "chunk" LIMIT ${limit * CANDIDATES}
    ), "ranking" AS MATERIALIZED (
      SELECT "place", "term", "weight" FROM "counted"
      WHERE "hits" > 0 AND "place" NOT IN (SELECT "place" FROM "choosing")
      UNION ALL SELECT "place", "term", "fixed" FROM "sought" WHERE "fixed" IS NOT NULL
    ), "scored" AS (
      SELECT "chunk", array_agg("place") AS "places", sum("part") AS "score" FROM (
        -- Not a plain IN, which becomes a join in loops: the planner expects a handful of hits.
        SELECT * FROM "hits" WHERE ("chunk" IN (SELECT "chunk" FROM "candidates")) IS TRUE
        UNION ALL
        SELECT "candidates"."chunk", "place", ${part}
        FROM "candidates" CROSS JOIN "ranking" CROSS JOIN LATERAL (
          SELECT "frequency", "length" FROM "ChunkTerm"
          WHERE "siteId" = ${id}::uuid AND "term" = "ranking"."term" AND "ChunkTerm"."chunk" = "candidates"."chunk"
          OFFSET 0
        ) AS "ofTerm"
      ) AS "all" GROUP BY "chunk"
    ), "placed" AS (
      SELECT "documentId", "ordinal", "places", jsonb_typeof("product") = 'object' AS "isProduct",
        "score" AS "byWords",
        "score" * CASE WHEN "dictionary" = ${language ?? null} THEN ${OWN_LANGUAGE}::float ELSE 1 END AS "score",
        row_number() OVER (PARTITION BY "documentId" ORDER BY "score" DESC, "ordinal") AS "inDocument"
      FROM "scored" JOIN "Chunk" ON "Chunk"."siteId" = ${id}::uuid AND "Chunk"."id" = "scored"."chunk"
      JOIN "Document" ON "Document"."siteId" = ${id}::uuid AND "Document"."id" = "documentId"
    ), "best" AS (
      SELECT "documentId", "ordinal", "places", "isProduct", "byWords", "score" FROM "placed"
      WHERE "inDocument" <= ${PER_DOCUMENT}
      ORDER BY "score" DESC, "documentId", "ordinal" LIMIT ${limit}
    )
    SELECT ARRAY(
        SELECT coalesce("hits", 0)::int FROM "sought" LEFT JOIN "counted" USING ("place") ORDER BY "sought"."place"
      ) AS "hits",
      (SELECT coalesce(json_agg("best" ORDER BY "score" DESC, "documentId", "ordinal"), '[]') FROM "best") AS "ranked"`;
  return answer;
}

/** How much of the question each passage holds, and how near it comes to the best score. */
function judged(
  { asked }: Query,
  sought: readonly Sought[],
  hits: readonly number[],
  ranked: readonly Hit[],
  chunks: number,
): ByWords {
  const hitsOf = new Map(sought.map(({ text }, at) => [text, hits[at] ?? 0]));
  const words = asked.map(({ terms, isFact }) => {
    // What is known in one of the languages is known.
    const most = Math.max(...terms.map(term => hitsOf.get(term) ?? 0));
    return { terms, isFact, weight: weightOf(1, chunks, most), isKnown: most > 0 };
  });
  const weigh = (some: typeof words) => some.reduce((sum, { weight }) => sum + weight, 0);
  const ofStopWords = sought.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  const judge = ({ byWords, places, isProduct }: Hit) => {
    const held = new Set(places.map(place => sought[place - 1]?.text));
    const counting = words.filter(({ isFact }) => !(isProduct && isFact));
    const whole = weigh(counting);
    if (whole === 0) return { coverage: 0, share: 0 };
    const covered = weigh(counting.filter(({ terms }) => terms.some(term => held.has(term))));
    // In a shop whose every page holds the words of a question, its stop words would be all that counts.
    return { coverage: covered / whole, share: Math.min(1, byWords / (whole + Math.min(ofStopWords, whole))) };
  };
  return {
    ranked: ranked.map(hit => ({
      documentId: hit.documentId,
      ordinal: hit.ordinal,
      score: hit.score,
      ...judge(hit),
    })),
    terms: words.length,
    unknownTerms: words.filter(({ isKnown }) => !isKnown).length,
  };
}
