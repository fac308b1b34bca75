import { randomUUID } from 'node:crypto';
import type { Database } from '@confab/relay/db/database.ts';
import { INDEX_VERSION } from '@confab/relay/features/knowledge/index.ts';

/** Passages of a document. */
const PER_DOCUMENT = 5;

/** Words that say something in each passage, of a vocabulary in which a word's place is as rare as it is far. */
const WORDS = 45;
const [FIRST, LAST] = [20, 50_000];

/** Most passages hold most of these. */
export const STOP_WORDS = 'the to is for how what in of and you do i can my it'.split(' ');

/** Word by word further down the vocabulary: a passage has one of each of these shelves, and so none twice. */
const shelves = Array.from({ length: WORDS + 1 }, (_, at) => Math.round(FIRST * (LAST / FIRST) ** (at / WORDS)));

/** The word at a place of the vocabulary; without vowels, so that every stemmer leaves it as it is. */
const wordAt = (place: number): string => `q${[...String(place)].map(digit => 'bcdfghjklm'[Number(digit)]).join('')}z`;

/** A question of everyday length: `rare` words of the last third, some common ones, and what makes it a question. */
export function anyQuestion(random: () => number): string {
  const from = (shelf: number) => {
    const [low = 0, high = 0] = [shelves[shelf], shelves[shelf + 1]];
    return wordAt(low + Math.floor(random() * (high - low)));
  };
  const within = (low: number, high: number) => from(low + Math.floor(random() * (high - low)));
  const said = [within(0, 8), within(5, 25), within(10, 35), within(20, WORDS), within(30, WORDS)];
  const idle = STOP_WORDS.filter(() => random() < 0.35);
  return [...idle, ...said].join(' ');
}

/** Gives a new site this many passages, with their words indexed, straight into the tables; as a superuser. */
export async function loadWords({ db }: Pick<Database, 'db'>, chunks: number): Promise<string> {
  const siteId = randomUUID();
  await db.$transaction(
    async tx => {
      // All rows refer to what is there: looking it up for each of 60 million takes most of the time.
      await tx.$executeRaw`SET LOCAL session_replication_role = replica`;
      await tx.$executeRaw`
        INSERT INTO "Site" ("id", "key", "settings", "createdAt") VALUES (${siteId}::uuid, ${siteId}, '{}', now())`;
      await tx.$executeRaw`
        INSERT INTO "Document" ("siteId", "id", "externalId", "type", "url", "title", "attributes", "contentHash", "updatedAt",
          "syncedAt", "dictionary", "chunkCount", "length", "indexVersion")
        SELECT ${siteId}::uuid, gen_random_uuid(), "at"::text, 'page', 'https://shop.example/' || "at", 'A page', '{}', '',
          now(), now(), 'english_stem', ${PER_DOCUMENT}::int, ${PER_DOCUMENT * (WORDS + 12)}::float, ${INDEX_VERSION}::int
        FROM generate_series(1, ${Math.ceil(chunks / PER_DOCUMENT)}::int) AS "at"`;
      await tx.$executeRaw`
        INSERT INTO "Chunk" ("siteId", "documentId", "ordinal", "heading", "text")
        SELECT "siteId", "id", "ordinal", 'A heading', repeat('some words ', 50)
        FROM "Document" CROSS JOIN generate_series(0, ${PER_DOCUMENT - 1}::int) AS "ordinal"
        WHERE "siteId" = ${siteId}::uuid`;
      await tx.$executeRaw`
        INSERT INTO "ChunkTerm" ("siteId", "term", "chunk", "frequency", "length")
        SELECT ${siteId}::uuid, 'q' || translate(("low" + floor(random() * ("high" - "low")))::int::text, '0123456789',
          'bcdfghjklm') || 'z', "id", 1 + floor(random() * 1.3), ${WORDS + 12}::real
        FROM "Chunk" CROSS JOIN unnest(${shelves.slice(0, -1)}::int[], ${shelves.slice(1)}::int[]) AS shelf("low", "high")
        WHERE "siteId" = ${siteId}::uuid
        UNION ALL
        SELECT ${siteId}::uuid, "word", "id", 1 + floor(random() * 2), ${WORDS + 12}::real
        FROM "Chunk" CROSS JOIN unnest(${STOP_WORDS}::text[]) AS "word"
        WHERE "siteId" = ${siteId}::uuid AND random() < 0.8`;
    },
    { timeout: 600_000 },
  );
  return siteId;
}
