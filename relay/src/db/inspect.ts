import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { type Database, POOL_MAX } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { migrationsFolder } from './schema-engine.ts';

const CONNECT_MS = 5_000;
/** Beside the pool: the job queue's, the one that listens, and the one that migrates. */
const BESIDE = 5;

export type Inspected = {
  version: string;
  /** Whether there is pgvector 0.7 or later, or could be. */
  hasVectors: boolean;
  /** Migrations that this code brings and the database has not applied, that failed there, and that this code does not know. */
  pending: string[];
  failed: string[];
  unknown: string[];
  /** How much the database's clock is ahead of ours. */
  aheadMs: number;
  connections: { used: number; most: number; ofOneProcess: number } | undefined;
};

/**
 * Looks at the relay's database without changing it: through the relay that has it open, else by a connection of its
 * own. Nothing where there is no embedded database yet. Throws where it cannot be reached.
 */
export async function inspectDatabase(
  { databaseUrl, dataDir }: { databaseUrl: string | undefined; dataDir: string },
  running?: Database,
): Promise<Inspected | undefined> {
  if (running) return inspect(sql => running.db.$queryRawUnsafe(sql), databaseUrl !== undefined);
  if (databaseUrl === undefined) {
    if (!existsSync(path.join(dataDir, 'postgres'))) return undefined;
    const { pglite, close } = await openEmbedded(dataDir);
    return inspect(async sql => (await pglite.query<Row>(sql)).rows, false).finally(close);
  }
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: CONNECT_MS,
    application_name: 'confab-doctor',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await inspect(async sql => (await client.query<Row>(sql)).rows, true);
  } finally {
    await client.end().catch(() => {});
  }
}

type Row = Record<string, unknown>;
type Ask = (sql: string) => Promise<Row[]>;

async function inspect(ask: Ask, isServer: boolean): Promise<Inspected> {
  const one = async (sql: string) => (await ask(sql))[0] ?? {};
  const asked = Date.now();
  const { now } = await one(`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS "now"`);
  const middle = (asked + Date.now()) / 2;
  const { version } = await one(`SELECT current_setting('server_version') AS "version"`);
  const { has } = await one(`
    SELECT to_regtype('halfvec') IS NOT NULL OR EXISTS (
      SELECT 1 FROM pg_available_extension_versions WHERE name = 'vector' AND string_to_array(version, '.')::int[] >= '{0,7}'
    ) AS "has"`);
  const { migrated } = await one(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "migrated"`);
  const rows = migrated
    ? await ask(`
        SELECT migration_name AS "name", finished_at IS NOT NULL AS "done" FROM _prisma_migrations
        WHERE rolled_back_at IS NULL`)
    : [];
  const ours = readdirSync(migrationsFolder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? entry.name : [],
  );
  const theirs = rows.map(({ name }) => String(name));
  const connections = isServer
    ? await one(`
        SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS "used",
          current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS "most"`)
    : undefined;
  return {
    version: String(version),
    hasVectors: has === true,
    pending: ours.filter(name => !theirs.includes(name)).toSorted(),
    failed: rows.flatMap(({ name, done }) => (done ? [] : String(name))),
    unknown: theirs.filter(name => !ours.includes(name)),
    aheadMs: Number(now) - middle,
    connections: connections && {
      used: Number(connections.used),
      most: Number(connections.most),
      ofOneProcess: POOL_MAX + BESIDE,
    },
  };
}
