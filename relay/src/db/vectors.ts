/** Either database, for a single statement. */
type Client = { query(sql: string): Promise<{ rows: unknown[] }> };

/** The table of embeddings; no model of `schema.prisma`. */
export const VECTOR_TABLE = 'Embedding';

/**
 * Makes the table of embeddings where the database can have one, and tells whether it has. It is not one of Prisma's
 * migrations: they are the same everywhere, and a PostgreSQL without pgvector could not apply this one.
 *
 * Of what is asked for, only its type counts: `halfvec` came with pgvector 0.7, and may lie in a schema that we do not
 * look into. 512 half-precision numbers take 1 kB, so that rows stay below the 2 kB from which PostgreSQL stores a value
 * apart from its row, where reading 10,000 of them takes four times as long.
 */
export async function prepareVectors(client: Client): Promise<boolean> {
  const hasType = async () => (await client.query("SELECT 1 WHERE to_regtype('halfvec') IS NOT NULL")).rows.length > 0;
  // Only an owner of the database may do it, and only where the server has it at all.
  if (!(await hasType())) await client.query('CREATE EXTENSION IF NOT EXISTS vector').catch(() => {});
  if (!(await hasType())) return false;
  // A row without a vector is a text that the vendor would not embed.
  await client.query(`
    CREATE TABLE IF NOT EXISTS "${VECTOR_TABLE}" (
      "siteId" UUID NOT NULL REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE,
      "model" TEXT NOT NULL,
      "textHash" BYTEA NOT NULL,
      "vector" HALFVEC(512),
      PRIMARY KEY ("siteId", "model", "textHash")
    )`);
  return true;
}
