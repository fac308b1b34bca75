import { PrismaPg } from '@prisma/adapter-pg';
import { LRUCache } from 'lru-cache';
import pg from 'pg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { sha256 } from '../lib/sha256.ts';
import { openEmbedded } from './embedded.ts';
import { Prisma, PrismaClient } from './generated/client.ts';
import { type Listener, listenEmbedded, listenPostgres } from './listen.ts';
import { everyTable, openSchemaEngine } from './schema-engine.ts';
import { prepareVectors } from './vectors.ts';

/** Connections of one process; several processes share PostgreSQL's 100. */
export const POOL_MAX = 20;
/** Of the processes of one command all together, as far as each has enough to work with. */
const POOLS_MAX = 40;
const POOL_MIN = 5;

export { Prisma };
export type Db = PrismaClient;
/** Inside a transaction of `db.$transaction`. On the embedded database await nothing else there: it has one connection. */
export type Tx = Prisma.TransactionClient;
export type Database = Awaited<ReturnType<typeof openDatabase>>;

/** The relay's database, migrated: PostgreSQL where there is an address, else the embedded one in the data folder. */
export async function openDatabase(config: { databaseUrl: string | undefined; dataDir: string; processes?: number }) {
  const most = Math.max(POOL_MIN, Math.min(POOL_MAX, Math.floor(POOLS_MAX / (config.processes ?? 1))));
  const embedded = config.databaseUrl ? undefined : await openEmbedded(config.dataDir);
  // Ours to end: a pool that the schema engine opens for itself would keep the process for seconds after its last work.
  const pool = new pg.Pool({ connectionString: config.databaseUrl, max: most });
  const adapter = embedded ? new PrismaPGlite(embedded.pglite) : new PrismaPg(pool, { statementNameGenerator });
  const hasVectors = await (embedded
    ? applyMigrations(adapter).then(() => prepareVectors(embedded.pglite))
    : alone(config.databaseUrl as string, prepareVectors));
  const db = new PrismaClient({ adapter });
  const stops: (() => Promise<void>)[] = [];
  return {
    db,
    kind: embedded ? ('embedded' as const) : ('postgresql' as const),
    embedded,
    /** Whether it has pgvector, and so the table of embeddings. */
    hasVectors,
    /** The connections of this process: in use, idle, and how many wait for one. The embedded database is its own one. */
    connections: () => ({
      in_use: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      most: embedded ? 1 : most,
    }),
    /**
     * Takes what was deleted out of the files of the embedded database. A PostgreSQL server's files are its operator's:
     * there autovacuum and the rolling off of backups do it.
     */
    forgetDeleted: async (): Promise<void> => embedded?.forgetDeleted(),
    /** Hears what any process says on a channel by NOTIFY, until the database is closed. */
    async listen(listener: Listener): Promise<void> {
      const { databaseUrl } = config;
      stops.push(
        embedded
          ? await listenEmbedded(embedded.pglite, listener)
          : await listenPostgres(databaseUrl as string, listener),
      );
    },
    async close() {
      await Promise.all(stops.map(stop => stop()));
      await db.$disconnect();
      if (!pool.ended) await pool.end();
      await embedded?.close();
    },
  };
}

/**
 * Names every statement by its text, so that a connection plans it once: planning is half of what a search costs.
 * The texts are those of our own code, a few dozen; values travel apart from them.
 */
function statementNameGenerator({ sql }: { sql: string }): string {
  const known = statementNames.get(sql);
  if (known) return known;
  const name = `confab_${sha256(sql).slice(0, 32)}`;
  statementNames.set(sql, name);
  return name;
}

const statementNames = new LRUCache<string, string>({ max: 500 });

async function applyMigrations(adapter: PrismaPg | PrismaPGlite): Promise<void> {
  const { engine, migrationsList } = await openSchemaEngine(adapter);
  await engine.applyMigrations({ migrationsList, filters: everyTable });
}

/**
 * Migrates, and then does the work. Several relays that start at once do so one after the other: the lock is the
 * database's, and ends with us. The engine leaves a lock of its own with its connection, so that one ends as well.
 */
async function alone<Result>(databaseUrl: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl });
  const engines = new pg.Pool({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(hashtext('confab migrations'))");
    await applyMigrations(new PrismaPg(engines));
    return await work(client);
  } finally {
    await engines.end();
    await client.end();
  }
}
