import { parseArgs } from 'node:util';
import { keepRetired, retiredKeys } from '../db/retired-keys.ts';
import { countSealed, placeOf, queryIn, replaceSealed, type SealedAt, sealedByOthers } from '../db/sealed-rows.ts';
import type { Services } from '../services.ts';
import type { Command, CommandIo } from './command.ts';
import { type Place, sealedPlaces } from './sealed.ts';

/** Rows that are read at once. Each is written by itself, so nobody waits for more than one. */
const BATCH = 100;

/** How long it takes until nothing is in use that an older key has signed: sessions last longest of all. */
const SETTLES = `Wait 30 days before you take an older key out of CONFAB_SECRET_KEY, unless it has leaked. Until then it still serves what
lies with others: sessions of the console (30 days), links in mails, chats of visitors who declined that are open in a
browser. Taken out sooner, users sign in again, old links say that they are void, and such chats begin anew.
WordPress sites learn the new key by their next sync; wait for that (a day) in any case, else they take no events until then.
`;

/** What is known of one key: how many rows of which tables it has encrypted. */
type Uses = Map<string, Map<string, number>>;

export const keysStatus: Command = {
  usage: 'keys',
  help: `Says which secret keys there are, and how many rows of which table each has encrypted. A key is named by the first eight digits of
its SHA-256. Exit code 1 where a row needs a key that is not in CONFAB_SECRET_KEY.`,
  examples: ['keys'],
  needs: 'relay',

  async run(args, io, open) {
    parseArgs({ args });
    const services = await open();
    return tellStatus(services, io);
  },
};

export const keysRotate: Command = {
  usage: 'keys rotate',
  help: `Encrypts anew, by the first key of CONFAB_SECRET_KEY, whatever an older one has encrypted, while the relays run. It can be
stopped and run again at any time, also twice at once. docs/runbooks/rotate-keys.md has the steps before and after.`,
  examples: ['keys rotate'],
  needs: 'relay',

  async run(args, io, open, signal) {
    parseArgs({ args });
    const services = await open();
    const { keyring } = services;
    const { db } = services.database;
    if (keyring.keyIds.length === 1 && (await countOld(services)) === 0) {
      await io.out(
        'There is one key, and everything is encrypted by it. Put a new one before it, with a comma, first.\n',
      );
      return 0;
    }
    for (const id of keyring.keyIds.slice(1)) await keepRetired(db, keyring.retire(id));
    for (const place of sealedPlaces) {
      if (signal.aborted) break;
      await reseal(services, place, io, signal);
    }
    if (signal.aborted) {
      io.err('Stopped. What was encrypted anew stays so; run it again for the rest.\n');
      return 1;
    }
    const code = await tellStatus(services, io);
    if (code === 0 && keyring.keyIds.length > 1) await io.out(SETTLES);
    return code;
  },
};

/** Whatever others write meanwhile is written by the newest key already, so one way through is enough. */
async function reseal(services: Services, place: Place, io: CommandIo, signal: AbortSignal): Promise<void> {
  const { keyring } = services;
  const { db } = services.database;
  const [current = ''] = keyring.keyIds;
  let after: SealedAt | undefined;
  let done = 0;
  for (;;) {
    const rows = await sealedByOthers(db, place, current, after, BATCH);
    for (const row of rows) {
      if (signal.aborted) return;
      // A row whose key is gone is none that we could do anything about; the status counts it.
      const sealed = await place.reseal(row, keyring).catch(() => undefined);
      if (sealed && (await replaceSealed(db, place, row, sealed))) done += 1;
    }
    const last = rows.at(-1);
    if (!last || rows.length < BATCH) break;
    after = placeOf(place, last);
    io.err(`${place.table}: ${done} rows so far\n`);
  }
  if (done > 0) io.err(`${place.table}: ${done} rows encrypted anew\n`);
}

async function usesOf({ database }: Services): Promise<Uses> {
  const uses: Uses = new Map();
  for (const place of sealedPlaces) {
    for (const [key, count] of await countSealed(queryIn(database.db), place)) {
      const tables = uses.get(key) ?? new Map<string, number>();
      uses.set(key, tables.set(place.table, (tables.get(place.table) ?? 0) + count));
    }
  }
  return uses;
}

async function countOld(services: Services): Promise<number> {
  const [current] = services.keyring.keyIds;
  const old = [...(await usesOf(services))].filter(([key]) => key !== current);
  return old.flatMap(([, tables]) => [...tables.values()]).reduce((sum, count) => sum + count, 0);
}

async function tellStatus(services: Services, io: CommandIo): Promise<number> {
  const { keyring } = services;
  const { db } = services.database;
  const uses = await usesOf(services);
  const missing = [...uses.keys()].filter(key => !keyring.keyIds.includes(key));
  const retired = (await retiredKeys(db)).filter(({ id }) => !keyring.keyIds.includes(id));
  const told = (key: string) => {
    const tables = [...(uses.get(key) ?? [])];
    return tables.length === 0 ? 'encrypts nothing' : tables.map(each => each.join(' ')).join(', ');
  };
  for (const [index, key] of keyring.keyIds.entries()) {
    await io.out(`${key}  ${index === 0 ? 'newest' : 'older '}  ${told(key)}\n`);
  }
  for (const { id } of retired) await io.out(`${id}  retired  checks consent logs and finds e-mail addresses\n`);
  for (const key of missing) await io.out(`${key}  MISSING  ${told(key)}\n`);
  if (missing.length > 0) {
    io.err(
      `Not in CONFAB_SECRET_KEY: ${missing.join(', ')}. What these keys have encrypted cannot be read. Add them behind a comma.\n`,
    );
  }
  return missing.length > 0 ? 1 : 0;
}
