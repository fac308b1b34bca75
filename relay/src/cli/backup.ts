import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import {
  BackupError,
  type Contents,
  checksumOf,
  contentsOf,
  dumpEmbedded,
  dumpPostgres,
  inEmbedded,
  inPostgres,
  type Query,
  queryOf,
  readingPostgres,
  tablesInDump,
  writeLines,
} from '../db/backup.ts';
import { livingLines } from '../db/living.ts';
import { countSealed } from '../db/sealed-rows.ts';
import type { Services } from '../services.ts';
import { type Command, type CommandIo, UsageError } from './command.ts';
import { filesIn, type Manifest, nameOf } from './manifest.ts';
import { sealedPlaces } from './sealed.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Visitors are promised that backups are gone after 35 days. One that is made daily must go a day before that. */
const KEEP_DAYS = 34;

export const backup: Command = {
  usage: 'backup [--to DIR] [--keep-days N] [--ids]',
  help: `Writes the whole database into one file, as it is at this moment, with a manifest beside it; reads it back; and removes the
backups of that folder that are too old, never the newest. Relays run on meanwhile. Needs pg_dump and pg_restore for PostgreSQL.
The secret keys are in no backup: keep CONFAB_SECRET_KEY elsewhere.

  --to DIR       the folder; "backups" in the data folder, from where you should copy it elsewhere
  --keep-days N  how old a backup may become, ${KEEP_DAYS} at most, which is also what holds where it is left away
  --ids          no backup, only the list of the ids that there are: by it a restore erases again what was erased since its
                 backup. Small; to be made every few minutes, and only the newest is kept`,
  examples: ['backup', 'backup --to /backups', 'backup --ids --to /backups'],
  needs: 'relay',

  async run(args, io, open) {
    const { values } = parseArgs({
      args,
      options: { to: { type: 'string' }, 'keep-days': { type: 'string' }, ids: { type: 'boolean' } },
    });
    const keepDays = Number(values['keep-days'] ?? KEEP_DAYS);
    if (!Number.isInteger(keepDays) || keepDays < 1 || keepDays > KEEP_DAYS) {
      throw new UsageError(`--keep-days takes a number from 1 to ${KEEP_DAYS}: backups are gone after 35 days.`);
    }
    const { databaseUrl, dataDir } = readConfig(process.env);
    const folder = path.resolve(values.to ?? path.join(dataDir, 'backups'));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const at = new Date();
    const place = { folder, at, base: path.join(folder, nameOf(at)) };
    // PostgreSQL is read without the services: opening them would migrate it.
    const services = databaseUrl === undefined ? await open() : undefined;
    if (values.ids) return writeIds(place, databaseUrl, services, io);
    const made = databaseUrl === undefined ? await ofEmbedded(place, services) : await ofPostgres(place, databaseUrl);
    await io.out(`${place.base}.json\n`);
    io.err(`${made.file}: ${megabytes(made.bytes)} MB, ${rowsOf(made)} rows, read back whole.\n`);
    await rollOff(folder, keepDays, at, io);
    return 0;
  },
};

type Where = { folder: string; at: Date; base: string };

async function ofPostgres(place: Where, url: string): Promise<Manifest> {
  const file = `${place.base}.dump`;
  return whole(file, place, 'postgresql', part =>
    readingPostgres(url, async (query, snapshot) => {
      const contents = await contentsOf(query);
      const keyIds = await keysIn(query);
      await dumpPostgres(url, snapshot, part);
      const dumped = new Set(await tablesInDump(part));
      const missing = Object.keys(contents.tables).filter(name => !dumped.has(name));
      if (missing.length > 0) throw new BackupError(`the dump lacks ${missing.join(', ')}`);
      return { ...contents, keyIds };
    }),
  );
}

async function ofEmbedded(place: Where, services: Services | undefined): Promise<Manifest> {
  const pglite = services?.database.embedded?.pglite;
  if (!pglite) throw new BackupError('The embedded database is not open here.');
  return whole(`${place.base}.tar.gz`, place, 'embedded', async part => {
    await dumpEmbedded(pglite, part);
    return inEmbedded({ file: part }, async query => ({ ...(await contentsOf(query)), keyIds: await keysIn(query) }));
  });
}

/** Makes the file under another name first: what has its own name and a manifest is whole. */
async function whole(
  file: string,
  { at, base }: Where,
  kind: Manifest['kind'],
  make: (part: string) => Promise<Contents & { keyIds: string[] }>,
): Promise<Manifest> {
  const part = `${file}.part`;
  try {
    const contents = await make(part);
    const manifest: Manifest = {
      format: 1,
      kind,
      at: at.toISOString(),
      file: path.basename(file),
      ...(await checksumOf(part)),
      ...contents,
    };
    await rename(part, file);
    await writeFile(`${base}.json`, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return manifest;
  } finally {
    await rm(part, { force: true });
  }
}

async function writeIds(
  { folder, base }: Where,
  databaseUrl: string | undefined,
  services: Services | undefined,
  io: CommandIo,
): Promise<number> {
  const file = `${base}.ids.gz`;
  const write = (query: Query) => writeLines(`${file}.part`, livingLines(query));
  const embedded = services?.database.embedded;
  try {
    if (databaseUrl !== undefined) await inPostgres(databaseUrl, write);
    else if (embedded) await write(queryOf(embedded.pglite));
    await rename(`${file}.part`, file);
  } finally {
    await rm(`${file}.part`, { force: true });
  }
  await io.out(`${file}\n`);
  for (const old of await filesIn(folder)) {
    if (old.kind === 'ids.gz' && path.join(folder, old.file) < file) await rm(path.join(folder, old.file));
  }
  return 0;
}

/** The names of the keys without which something in the database cannot be read. */
async function keysIn(query: Query): Promise<string[]> {
  const ids = new Set<string>();
  for (const place of sealedPlaces) for (const key of (await countSealed(query, place)).keys()) ids.add(key);
  return [...ids].sort();
}

/** The newest that is whole stays, however old it is: better one that is too old than none. */
async function rollOff(folder: string, keepDays: number, now: Date, io: CommandIo): Promise<void> {
  const files = await filesIn(folder);
  const newest = files.filter(({ kind }) => kind === 'json').reduce((last, { at }) => Math.max(last, at.getTime()), 0);
  for (const { file, kind, at } of files) {
    if (kind === 'ids.gz' || at.getTime() === newest || now.getTime() - at.getTime() < keepDays * DAY_MS) continue;
    await rm(path.join(folder, file));
    io.err(`${file}: removed, older than ${keepDays} days\n`);
  }
}

const rowsOf = ({ tables }: Manifest) => Object.values(tables).reduce((sum, count) => sum + count, 0);
const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(1);
