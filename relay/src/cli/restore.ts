import { existsSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import {
  BackupError,
  checksumOf,
  contentsOf,
  inEmbedded,
  inPostgres,
  isEmptyDatabase,
  type Query,
  readCompressed,
  restorePostgres,
} from '../db/backup.ts';
import { eraseAllBut } from '../db/living.ts';
import { linesOf, textLines, verifyLog } from '../features/consent/index.ts';
import { createKeyring } from '../lib/keyring.ts';
import type { Services } from '../services.ts';
import { type Command, type CommandIo, UsageError } from './command.ts';
import { filesIn, type Manifest, readManifest } from './manifest.ts';
import { openServices } from './open-services.ts';

/** Records of a consent log that are read at once. */
const PAGE = 1_000;

export const restore: Command = {
  usage: 'restore FILE --into DATABASE [--ids FILE] [--missing-keys]',
  help: `Puts a backup into an empty database, and makes it fit to be served: migrates it, erases again what was erased since the
backup, deletes what is past its time, ends all sessions of the console, and checks every consent log. Start a relay on it
only after that. docs/runbooks/restore.md has the steps.

  --into DATABASE  a postgresql:// address, or a data folder for the embedded database: the same kind that was backed up
  --ids FILE       the list of ids by which it is known what was erased ("backup --ids"); the newest beside the backup, else
  --missing-keys   also where CONFAB_SECRET_KEY lacks a key; what that one has encrypted stays unreadable`,
  examples: [
    'restore /backups/confab-2026-11-22T02-00-00-000Z.json --into postgresql://confab@localhost/restored',
    'restore .data/backups/confab-2026-11-22T02-00-00-000Z.json --into restored',
  ],
  needs: 'nothing',

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args,
      options: { into: { type: 'string' }, ids: { type: 'string' }, 'missing-keys': { type: 'boolean' } },
      allowPositionals: true,
    });
    const [given, ...more] = positionals;
    if (given === undefined || more.length > 0) throw new UsageError('Name one backup: restore FILE --into DATABASE');
    if (values.into === undefined) throw new UsageError('Say where to: --into postgresql://… or --into FOLDER');
    const { manifest, file } = await readManifest(given);
    const isUrl = /^postgres(ql)?:\/\//.test(values.into);
    if (isUrl !== (manifest.kind === 'postgresql')) {
      const [what, where] = isUrl ? ['the embedded database', 'a folder'] : ['PostgreSQL', 'a postgresql:// address'];
      throw new UsageError(`This backup is of ${what}: name ${where} after --into.`);
    }
    const config = readConfig(
      isUrl
        ? { ...process.env, DATABASE_URL: values.into }
        : { ...process.env, DATABASE_URL: '', CONFAB_DATA_DIR: values.into },
    );
    const { keyIds } = createKeyring(config.secretKeys);
    const missing = manifest.keyIds.filter(id => !keyIds.includes(id));
    if (missing.length > 0 && !values['missing-keys']) {
      throw new UsageError(
        `CONFAB_SECRET_KEY lacks ${missing.join(', ')}, which encrypted part of this backup. Add it, behind a comma, or give --missing-keys.`,
      );
    }
    const ids = await idsFor(manifest, path.dirname(file), values.ids);
    io.err(`Checking ${manifest.file} …\n`);
    const { bytes, sha256 } = await checksumOf(file);
    if (bytes !== manifest.bytes || sha256 !== manifest.sha256) {
      throw new BackupError(`${manifest.file} is not what was written: ${bytes} bytes of ${manifest.bytes}.`);
    }

    const fill = (query: Query) => checkAndErase(query, manifest, ids, io);
    if (config.databaseUrl !== undefined) {
      const url = config.databaseUrl;
      if (!(await inPostgres(url, isEmptyDatabase))) throw notEmpty(values.into);
      io.err('Restoring …\n');
      await restorePostgres(url, file);
      await inPostgres(url, fill);
    } else {
      if (existsSync(path.join(config.dataDir, 'postgres'))) throw notEmpty(values.into);
      io.err('Restoring …\n');
      await inEmbedded({ file, dataDir: config.dataDir }, fill);
    }

    // It may be a rehearsal beside live relays: neither they nor Stripe hear of it.
    const { services, close } = await openServices({ ...config, stripe: undefined, redisUrl: undefined });
    try {
      const rows = await deleteExpired(services);
      io.err(`${rows} rows were past their time, and are gone.\n`);
      const logs = await checkLogs(services);
      await services.database.forgetDeleted();
      await io.out(
        `Restored as of ${manifest.at}: ${logs} consent logs are whole. It may be served; everybody signs in again.\n`,
      );
    } finally {
      await close();
    }
    return 0;
  },
};

type Ids = { file: string; at: Date };

/** The list of ids to go by. None is said, as then erasures may come back. */
async function idsFor({ at }: Manifest, folder: string, given: string | undefined): Promise<Ids | undefined> {
  const base = given === undefined ? folder : path.dirname(given);
  const lists = (await filesIn(base)).filter(({ kind }) => kind === 'ids.gz');
  const wanted =
    given === undefined
      ? lists.sort((a, b) => b.at.getTime() - a.at.getTime())[0]
      : lists.find(({ file }) => file === path.basename(given));
  if (given !== undefined && !wanted) throw new UsageError(`${given} is no list of ids as "backup --ids" writes it.`);
  if (wanted && wanted.at < new Date(at)) {
    if (given === undefined) return undefined;
    throw new UsageError(`${given} is older than the backup: it does not know what was erased since.`);
  }
  return wanted && { file: path.join(base, wanted.file), at: wanted.at };
}

async function checkAndErase(query: Query, manifest: Manifest, ids: Ids | undefined, io: CommandIo): Promise<void> {
  const { tables } = await contentsOf(query);
  const wrong = Object.entries(manifest.tables).filter(([name, count]) => tables[name] !== count);
  if (wrong.length > 0) {
    throw new BackupError(
      `Not everything came back: ${wrong.map(([name]) => name).join(', ')}. Do not serve this database.`,
    );
  }
  // Whoever was signed out since then must not be signed in again.
  await query('DELETE FROM "Session"');
  // An end that was planned then may have been called off since; one that came is known by the list of ids.
  const waiting = await query(`
    UPDATE "Account" SET "deleteAt" = now() + interval '7 days' WHERE "deleteAt" < now() + interval '7 days' RETURNING "id"`);
  if (waiting.length > 0)
    io.err(`${waiting.length} accounts were to be deleted; their owners have 7 days more to say no.\n`);
  if (!ids) {
    io.err(
      `No list of ids is newer than the backup: whatever was erased after ${manifest.at} is back. Erase it again before you
serve this (docs/runbooks/restore.md), and have "backup --ids" run every few minutes from now on.\n`,
    );
    return;
  }
  const gone = await eraseAllBut(query, readCompressed(ids.file), ids.at);
  const told = Object.entries(gone).filter(([, count]) => count > 0);
  io.err(
    `Erased again, as of ${ids.at.toISOString()}: ${told.map(([name, count]) => `${name} ${count}`).join(', ') || 'nothing'}.\n`,
  );
}

/** What the nights since then would have deleted. */
async function deleteExpired({ retention, sites, jobs, accounts, teams, exports }: Services): Promise<number> {
  let rows = 0;
  for (const key of await retention.siteKeys()) {
    const certificate = await retention.purgeSite((await sites.byKey(key)).id, { trigger: 'manual' });
    const counts = Object.values(certificate?.counts ?? {}).flatMap(kinds => Object.values(kinds));
    rows += counts.reduce((sum, count) => sum + count, 0);
  }
  await jobs.open();
  await Promise.all([accounts.purge(), teams.forget(), exports.purge()]);
  return rows;
}

/** Throws where a log is not whole. */
async function checkLogs({ retention, sites, consent }: Services): Promise<number> {
  const keys = await retention.siteKeys();
  for (const key of keys) {
    const site = await sites.byKey(key);
    async function* pages() {
      let after = 0;
      for (;;) {
        const page = await consent.log(site, after, PAGE);
        yield Buffer.from(linesOf(page));
        if (!page.hasMore) return;
        after = page.last.sequence;
      }
    }
    const { ok, problem } = await verifyLog(textLines(Readable.from(pages())), {});
    if (!ok) throw new BackupError(`The consent log of ${key} is not whole (record ${problem?.sequence}).`);
  }
  return keys.length;
}

const notEmpty = (where: string) =>
  new UsageError(`${where} is not empty. Make a new database, and restore into that.`);
