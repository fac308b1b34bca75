import type { Database } from '@confab/relay/db/database.ts';
import { DIMENSIONS } from '@confab/relay/providers/embeddings/embeddings.ts';

/** So many different vectors are drawn, and given to many passages each: a distance costs the same wherever it points. */
const POOL = 2_000;

/** The name under which the vectors of a benchmark are kept. */
export const SPACE = 'benchmark';

/** A direction, every one as likely. */
export function anyVector(): Float32Array {
  const numbers = Float32Array.from({ length: DIMENSIONS }, () => {
    return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  });
  const length = Math.hypot(...numbers);
  return numbers.map(number => number / length);
}

/**
 * Gives every passage of these sites a vector. The rows of one site come in batches between those of the others, as they
 * do where sites are embedded side by side.
 */
export async function loadVectors({ db }: Database, siteIds: string[], { batches = 40 } = {}): Promise<void> {
  await db.$executeRawUnsafe('CREATE TABLE "VectorPool" ("id" INT PRIMARY KEY, "vector" HALFVEC(512))');
  for (let from = 0; from < POOL; from += 500) {
    const literals = Array.from(
      { length: 500 },
      () => `[${Array.from(anyVector(), each => each.toPrecision(5)).join()}]`,
    );
    await db.$executeRaw`
      INSERT INTO "VectorPool" SELECT ${from}::int + "place" - 1, "literal"::halfvec
      FROM unnest(${literals}::text[]) WITH ORDINALITY AS given("literal", "place")`;
  }
  for (const siteId of siteIds) {
    await db.$executeRaw`
      UPDATE "Chunk" SET "textHash" = sha256(convert_to("documentId" || ' ' || "ordinal", 'UTF8'))
      WHERE "siteId" = ${siteId}::uuid`;
  }
  for (let batch = 0; batch < batches; batch += 1) {
    for (const siteId of siteIds) {
      await db.$executeRaw`
        INSERT INTO "Embedding" ("siteId", "model", "textHash", "vector")
        SELECT "siteId", ${SPACE}, "textHash", "vector" FROM "Chunk"
        JOIN "VectorPool" ON "VectorPool"."id" = (get_byte("textHash", 1) * 256 + get_byte("textHash", 2)) % ${POOL}::int
        WHERE "siteId" = ${siteId}::uuid AND get_byte("textHash", 0) % ${batches}::int = ${batch}::int
        ON CONFLICT DO NOTHING`;
    }
  }
  await db.$executeRawUnsafe('DROP TABLE "VectorPool"');
  await db.$executeRawUnsafe('ANALYZE "Chunk", "Embedding"');
}
