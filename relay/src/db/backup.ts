import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import pg from 'pg';

/** One statement on either database. */
export type Query = (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/** A program of PostgreSQL's is not there, or failed; the message says which, and what to do. */
export class BackupError extends Error {}

/** What stands in the database: its migrations, and how many rows each table has. */
export type Contents = { migrations: string[]; tables: Record<string, number> };

/** The tables that are worth a backup: all but those that PostgreSQL does not log either. */
const TABLES = `
  SELECT c.relname AS "name" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relpersistence = 'p' ORDER BY 1`;

/** Counts what is there. Throws `BackupError` where it is not a database of Confab's. */
export async function contentsOf(query: Query): Promise<Contents> {
  const names = (await query(TABLES)).map(({ name }) => name as string);
  if (!names.includes('_prisma_migrations'))
    throw new BackupError('This is no database of Confab’s: it has no migrations.');
  const migrations = await query(
    'SELECT "migration_name" AS "name" FROM "_prisma_migrations" WHERE "finished_at" IS NOT NULL ORDER BY 1',
  );
  const tables: Record<string, number> = {};
  for (const name of names) {
    if (name === '_prisma_migrations') continue;
    const [row] = await query(`SELECT count(*)::int AS "count" FROM "${name}"`);
    tables[name] = Number(row?.count);
  }
  return { migrations: migrations.map(({ name }) => name as string), tables };
}

/**
 * Has `work` read a PostgreSQL as it is at one moment; `snapshot` names that moment for `pg_dump`. Nothing is written or
 * migrated, and nobody waits.
 */
export async function readingPostgres<Result>(
  url: string,
  work: (query: Query, snapshot: string) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query('SELECT pg_export_snapshot() AS "id"');
    return await work(async (sql, values) => (await client.query(sql, values)).rows, rows[0].id);
  } finally {
    await client.end();
  }
}

/** Streams the whole database into the file, as it was at the snapshot. */
export async function dumpPostgres(url: string, snapshot: string, file: string): Promise<void> {
  const args = ['--format=custom', '--no-unlogged-table-data', '--no-owner', '--no-privileges', '--no-comments'];
  await run('pg_dump', [...args, `--snapshot=${snapshot}`], url, file);
}

/** Reads a dump from end to end, and gives the tables that it has rows of. */
export async function tablesInDump(file: string): Promise<string[]> {
  await run('pg_restore', ['--file=/dev/null', file]);
  const list = await run('pg_restore', ['--list', file]);
  return [...list.matchAll(/ TABLE DATA \S+ (\S+) /g)].map(([, name = '']) => name);
}

/** Puts a dump into an empty database: all of it, or nothing. */
export async function restorePostgres(url: string, file: string): Promise<void> {
  const args = ['--single-transaction', '--exit-on-error', '--no-owner', '--no-privileges', '--no-comments'];
  await run('pg_restore', [...args, file], url);
}

/** Has `work` talk to a PostgreSQL in one connection. */
export async function inPostgres<Result>(url: string, work: (query: Query) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(async (sql, values) => (await client.query(sql, values)).rows);
  } finally {
    await client.end();
  }
}

/** Whether nothing was made in it yet. */
export async function isEmptyDatabase(query: Query): Promise<boolean> {
  const tables = await query(`
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg\\_toast%' LIMIT 1`);
  return tables.length === 0;
}

/** The embedded database as it is at this moment, in one file. */
export async function dumpEmbedded(pglite: PGlite, file: string): Promise<void> {
  const dump = await pglite.dumpDataDir('gzip');
  const target = await open(file, 'wx', 0o600);
  await target.writeFile(new Uint8Array(await dump.arrayBuffer()));
  await target.close();
}

/** Has `work` look into such a file; or puts it into a data folder that has no database, and has it work there. */
export async function inEmbedded<Result>(
  { file, dataDir }: { file: string; dataDir?: string },
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  if (dataDir !== undefined) await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const pglite = await PGlite.create({
    ...(dataDir !== undefined && { dataDir: path.join(dataDir, 'postgres') }),
    loadDataDir: new Blob([await readFile(file)]),
    extensions: { vector },
  });
  try {
    return await work(queryOf(pglite));
  } finally {
    await pglite.close();
  }
}

/** The embedded database that is open here. */
export const queryOf =
  (pglite: Pick<PGlite, 'query'>): Query =>
  async (sql, values) =>
    (await pglite.query<Record<string, unknown>>(sql, values)).rows;

/** How long a file is and its SHA-256, read back from the disk. */
export async function checksumOf(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(file)) {
    hash.update(piece);
    bytes += (piece as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Writes lines into a new file, compressed. */
export async function writeLines(file: string, lines: AsyncIterable<string>): Promise<void> {
  const target = createWriteStream(file, { mode: 0o600, flags: 'wx' });
  await pipeline(lines, createGzip(), target);
}

/** The pieces of such a file, as text. */
export const readCompressed = (file: string): NodeJS.ReadableStream => createReadStream(file).pipe(createGunzip());

/** Runs a program of PostgreSQL's, into a file where one is named. Its password goes by the environment, which `ps` does not show. */
async function run(program: string, args: string[], url?: string, file?: string): Promise<string> {
  const { words, env } = url === undefined ? { words: [], env: {} } : connectionOf(url);
  const child = spawn(program, [...words, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.withResolvers<number | null>();
  child.once('error', (error: NodeJS.ErrnoException) => ended.reject(error)).once('close', ended.resolve);
  let said = '';
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', piece => {
    complaints = `${complaints}${piece}`.slice(-2_000);
  });
  const written =
    file === undefined
      ? void child.stdout.setEncoding('utf8').on('data', piece => {
          said += piece;
        })
      : pipeline(child.stdout, createWriteStream(file, { mode: 0o600, flags: 'wx' }));
  const [code] = await Promise.all([ended.promise, written]).catch((error: NodeJS.ErrnoException) => {
    child.kill();
    throw error.code === 'ENOENT' && error.syscall?.startsWith('spawn')
      ? new BackupError(`${program} is not installed. Install PostgreSQL's client, of the server's version or later.`)
      : error;
  });
  if (code !== 0) throw new BackupError(`${program} failed: ${complaints.trim()}`);
  return said;
}

function connectionOf(given: string): { words: string[]; env: NodeJS.ProcessEnv } {
  const url = new URL(given);
  const password = decodeURIComponent(url.password);
  url.password = '';
  return { words: [`--dbname=${url.href}`], env: password === '' ? {} : { PGPASSWORD: password } };
}
