import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { signIn, signUp } from './console.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import {
  clientsOf,
  databaseEnvironment,
  databases,
  pages,
  question,
  runCommand,
  startTestRelay,
  type TestRelay,
} from './relay.ts';

// Each command is a process of its own.
vi.setConfig({ testTimeout: 120_000 });

const ANN = 'ann.wimplethorpe@people.example';

const folders: string[] = [];
const relays: TestRelay[] = [];
afterEach(() => Promise.all(relays.splice(0).map(relay => relay.stop())));
afterAll(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))));

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'confab-backup-'));
  folders.push(made);
  return made;
}

describe.each(databases)('a backup of %s', database => {
  it('is restored as it was, but for what was erased or fell due since', async () => {
    const env = await databaseEnvironment(database);
    const relay = await startTestRelay({ database, env });
    relays.push(relay);
    const openai = await startFakeOpenai({ script: { pieces: ['Nine days.'] } });
    const site = await relay.site({ openai, documents: pages });
    const kept = await site.widget.begin('How long do parcels to Iceland take?');
    const erased = await site.widget.begin('I am Bob Crumplebottom, where is my parcel?');
    const old = await site.widget.begin('An old question about wool');
    await site.widget.lead({ fields: { name: 'Ann', email: ANN }, conversationId: kept });
    const { conversationId: oldId } = await relay.db.conversation
      .findMany({ orderBy: { createdAt: 'desc' }, take: 1 })
      .then(([row]) => ({ conversationId: row?.id as string }));
    for (const table of ['Conversation', 'Message']) {
      await relay.db.$executeRawUnsafe(
        `UPDATE "${table}" SET "createdAt" = now() - interval '400 days' WHERE '${oldId}' IN ("id"::text${table === 'Message' ? ', "conversationId"::text' : ''})`,
      );
    }
    const ada = await signUp(relay);
    const log = await site.plugin.consentLog();
    const command = { dataDir: relay.dataDir, env };

    const to = await folder();
    const made = await runCommand(['backup', '--to', to], command);
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('read back whole') });
    const described = made.out.trim();
    const text = await readFile(described, 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      kind: database === 'embedded' ? 'embedded' : 'postgresql',
      tables: { Conversation: 3, Lead: 1, User: 1 },
    });
    for (const word of [ANN, 'Iceland', site.secret, ada.email]) expect(text).not.toContain(word);
    expect((await site.widget.erase(erased)).status).toBe(204);
    await site.widget.begin('After the backup');
    expect(await runCommand(['backup', '--ids', '--to', to], command)).toMatchObject({ code: 0 });
    // The server is gone, with what came after the backup.
    await relays.pop()?.stop();

    const target = database === 'embedded' ? { into: await folder(), env: {} } : await emptyDatabase();
    const restored = await runCommand(['restore', described, '--into', target.into], { env: target.env });
    expect(restored).toMatchObject({ code: 0, out: expect.stringContaining('consent logs are whole') });
    expect(restored.err).toMatch(/Erased again, as of \S+: Conversation 1\./);

    const back = await startTestRelay({
      database,
      env: database === 'embedded' ? { CONFAB_DATA_DIR: target.into } : target.env,
    });
    relays.push(back);
    const clients = clientsOf(back.url, site.key, site.secret);
    expect((await clients.widget.conversation(kept)).status).toBe(200);
    for (const handle of [erased, old]) expect((await clients.widget.conversation(handle)).status).toBe(404);
    expect(await back.tablesWith('Crumplebottom')).toEqual([]);
    expect(JSON.stringify((await clients.plugin.leads()).body.items)).toContain(ANN);
    expect((await clients.plugin.consentLog()).split('\n')).toEqual(expect.arrayContaining(records(log)));
    const asked = openai.requests.length;
    expect((await clients.widget.turn(question('And to Norway?', { conversationId: kept }))).completed?.text).toBe(
      'Nine days.',
    );
    expect(openai.requests.length).toBeGreaterThan(asked);
    const cookie = { Cookie: ada.cookie, Origin: back.url };
    expect((await fetch(`${back.url}/v1/me`, { headers: cookie })).status).toBe(401);
    expect((await (await signIn(back, ada)).me()).user.email).toBe(ada.email);
    await openai.close();

    await relays.pop()?.stop();
    const again = await runCommand(['restore', described, '--into', target.into], { env: target.env });
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is not empty') });
  });

  /** What the records of a log say, without the checkpoint behind them. */
  const records = (log: string) => log.split('\n').filter(line => line.includes('"decision"'));

  async function emptyDatabase() {
    const made = await databaseEnvironment('postgres');
    return { into: made.DATABASE_URL as string, env: made };
  }
});

describe('a backup', () => {
  it('rolls off, the newest never, is private, and is refused where it is not what was written', async () => {
    const env = await databaseEnvironment('postgres');
    await (await startTestRelay({ env })).stop();
    const to = join(await folder(), 'backups');
    const first = await runCommand(['backup', '--to', to], { env });
    expect(first.code).toBe(0);
    const name = /confab-[^/]+(?=\.json)/.exec(first.out)?.[0] as string;
    const oldName = 'confab-2026-01-01T00-00-00-000Z';
    for (const end of ['json', 'dump']) await copyFile(join(to, `${name}.${end}`), join(to, `${oldName}.${end}`));
    await writeFile(join(to, 'notes.txt'), 'mine');
    expect((await runCommand(['backup', '--to', to, '--keep-days', '35'], { env })).code).toBe(2);
    expect((await runCommand(['backup', '--to', to], { env })).code).toBe(0);
    const left = await readdir(to);
    expect(left).toContain('notes.txt');
    expect(left.filter(file => file.startsWith(oldName))).toEqual([]);
    expect(left.filter(file => /\.dump$/.test(file))).toHaveLength(2);

    const into = (await databaseEnvironment('postgres')).DATABASE_URL as string;
    const restore = (more: NodeJS.ProcessEnv = {}) =>
      runCommand(['restore', join(to, `${name}.dump`), '--into', into], { env: more });
    await truncate(join(to, `${name}.dump`), 1_000);
    expect(await restore()).toMatchObject({ code: 1, err: expect.stringContaining('is not what was written') });
    expect(existsSync(join(to, `${name}.dump`))).toBe(true);
  });

  it('says which program is missing', async () => {
    const env = { ...(await databaseEnvironment('postgres')), PATH: '/nowhere' };
    await (await startTestRelay({ env: { ...env, PATH: process.env.PATH } })).stop();
    const to = await folder();
    expect(await runCommand(['backup', '--to', to], { env })).toMatchObject({
      code: 1,
      err: expect.stringContaining('pg_dump is not installed'),
    });
    expect(await readdir(to)).toEqual([]);
  });
});
