import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  databaseEnvironment,
  listeningIo,
  runCommand as runProcess,
  SECRET_KEY,
  startTestRelay,
  type TestRelay,
} from '../../../e2e/relay.ts';
import { readConfig } from '../config.ts';
import { runCommand } from './commands.ts';
import type { Finding } from './doctor-checks.ts';
import { openServices } from './open-services.ts';

const PASSWORD = 'zanzibarine-quixolotl';

describe('the doctor', () => {
  let relay: TestRelay;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    env = await databaseEnvironment('postgres');
    relay = await startTestRelay({ env });
  });
  afterAll(() => relay.stop());

  const configWith = (more: NodeJS.ProcessEnv) =>
    readConfig({ CONFAB_SECRET_KEY: SECRET_KEY, CONFAB_DATA_DIR: relay.dataDir, CONFAB_DEMO: 'off', ...env, ...more });

  /** In this process, as with these variables; `services` are the relay's own. */
  async function examine(more: NodeJS.ProcessEnv = {}, argv = ['doctor', '--json'], services = relay.services) {
    const { said, io } = listeningIo();
    const opened = vi.fn(async () => services);
    const config = () => configWith(more);
    const code = await runCommand(argv, io, opened, new AbortController().signal, { config });
    const findings = (argv.includes('--json') ? JSON.parse(said.out).findings : []) as Finding[];
    const of = (check: string) => findings.filter(each => each.check === check);
    return { code, findings, of, opened, problems: findings.filter(({ state }) => state === 'problem'), ...said };
  }

  async function folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'confab-doctor-'));
    onTestFinished(() => rm(made, { recursive: true, force: true }));
    return made;
  }

  it('finds nothing wrong where nothing is, beside a relay, and says so in plain words', async () => {
    const { code, out, err } = await runProcess(['doctor'], { dataDir: relay.dataDir, env });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^ok {7}Node {12}v2\d/m);
    expect(out).toMatch(/^ok {7}database {8}PostgreSQL \d+/m);
    expect(out).toMatch(/^ok {7}migrations {6}all applied$/m);
    expect(out).toMatch(/^ok {7}secret keys {5}one key/m);
    expect(out).toMatch(/^ok {7}jobs {12}done in time$/m);
    expect(out).toMatch(/\nNo problem, \d+ to note\.\n/);
    expect(out).not.toContain('PROBLEM');
  });

  it('says what work is late, and which runbook helps', async () => {
    const { id: siteId } = await relay.site({ openai: { url: 'http://127.0.0.1:1' } });
    const old = new Date(Date.now() - 40 * 24 * 60 * 60 * 1_000);
    const request = {
      siteId,
      type: 'access',
      source: 'site',
      counts: {},
      retained: {},
      events: [],
      status: 'received',
    };
    await relay.db.dataRequest.create({ data: { ...request, id: randomUUID(), receivedAt: old, dueAt: old } });
    await relay.db.delivery.createMany({
      data: ['waiting', 'failed'].map(state => ({
        siteId,
        target: 'gone',
        subjectId: randomUUID(),
        state,
        since: old,
      })),
    });
    await relay.db.stripeEvent.create({ data: { id: 'evt_1', type: 'invoice.paid', createdAt: old, receivedAt: old } });
    await relay.db.$executeRawUnsafe(`SELECT pgboss.create_queue('test.idle', '{"policy":"standard"}'::jsonb)`);
    await relay.db.$executeRawUnsafe(`
      INSERT INTO pgboss.job (name, data, created_on, start_after, retry_limit, policy)
      VALUES ('test.idle', '{}', now() - interval '1 hour', now() - interval '1 hour', 0, 'standard')`);
    const { code, problems } = await examine();
    expect(code).toBe(1);
    expect(problems.map(({ check, todo }) => [check, todo?.match(/[\w-]+(?=\.md)/)?.[0]])).toEqual([
      ['jobs', 'jobs-waiting'],
      ['deliveries', 'deliveries-waiting'],
      ['given up', 'deliveries-waiting'],
      ['data requests', 'data-requests-overdue'],
      ['webhooks', 'webhooks-unprocessed'],
    ]);
    expect(problems[0]?.says).toBe('A job of test.idle has been due for 60 min.');
    await relay.db.dataRequest.deleteMany();
    await relay.db.delivery.deleteMany();
    await relay.db.stripeEvent.deleteMany();
    await relay.db.$executeRawUnsafe(`DELETE FROM pgboss.job WHERE name = 'test.idle'`);
    expect((await examine()).problems).toEqual([]);
  });

  it('names a key that rows need and the configuration has not, and one that was not rotated to its end', async () => {
    await relay.site({ openai: { url: 'http://127.0.0.1:1' } });
    const other = Buffer.alloc(32, 9).toString('base64');
    const examineWith = async (CONFAB_SECRET_KEY: string) => {
      const { services, close } = await openServices(configWith({ CONFAB_SECRET_KEY }));
      return examine({ CONFAB_SECRET_KEY }, ['doctor', '--json'], services).finally(close);
    };
    const missing = await examineWith(other);
    expect(missing.code).toBe(1);
    expect(missing.of('secret keys')).toMatchObject([{ state: 'problem', todo: 'Put it back behind a comma.' }]);
    expect(missing.of('secret keys')[0]?.says).toMatch(/^\d+ rows need the key [0-9a-f]{8}, which is not/);
    const older = await examineWith(`${other},${SECRET_KEY}`);
    expect(older.code).toBe(0);
    expect(older.of('secret keys')).toMatchObject([{ state: 'note', todo: expect.stringContaining('keys rotate') }]);
    for (const { out, err } of [missing, older]) {
      for (const secret of [other, SECRET_KEY]) expect(out + err).not.toContain(secret);
    }
  });

  it('says that the database is down, and what to do, and asks nobody else', async () => {
    const url = `postgresql://confab:${PASSWORD}@127.0.0.1:1/confab`;
    const { code, of, out, opened } = await examine({ DATABASE_URL: url });
    expect(code).toBe(1);
    expect(of('database')).toEqual([
      {
        check: 'database',
        state: 'problem',
        says: 'The one at 127.0.0.1:1 cannot be opened (ECONNREFUSED).',
        todo: expect.stringContaining('DATABASE_URL'),
      },
    ]);
    expect(opened).not.toHaveBeenCalled();
    expect(out).not.toContain(PASSWORD);
  });

  it('says which migrations are missing, and applies none', async () => {
    const empty = await databaseEnvironment('postgres');
    const { code, of, opened } = await examine(empty);
    expect(code).toBe(0);
    expect(of('migrations')).toMatchObject([{ state: 'note', says: expect.stringContaining('_plans') }]);
    expect(opened).not.toHaveBeenCalled();
    expect((await examine(empty)).of('migrations')).toMatchObject([{ state: 'note' }]);
  });

  it('tells a migration that failed, and a database of a later release', async () => {
    const insert = (name: string, finished: string) =>
      relay.db.$executeRawUnsafe(`
      INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
      VALUES ('${name}', '', '${name}', ${finished}, 1)`);
    await insert('29990101000000_later', 'now()');
    expect((await examine()).of('migrations')).toMatchObject(
      [{ state: 'note', says: /of a later release.*_later/ }].map(each => ({
        ...each,
        says: expect.stringMatching(each.says),
      })),
    );
    await insert('29990101000001_failed', 'NULL');
    expect((await examine()).of('migrations')).toMatchObject([
      { state: 'problem', says: 'Not finished: 29990101000001_failed.' },
    ]);
    await relay.db.$executeRawUnsafe(`DELETE FROM _prisma_migrations WHERE migration_name LIKE '2999%'`);
  });

  it('compares the clocks', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    const { of } = await examine();
    expect(of('clock')).toMatchObject([{ state: 'problem', says: 'The database’s clock is 60 s ahead.' }]);
  });

  it('looks at the data folder: missing, open to others, no folder at all', async () => {
    const base = await folder();
    const dataOf = async (dataDir: string) => (await examine({ CONFAB_DATA_DIR: dataDir })).of('data folder');
    expect(await dataOf(join(base, 'none'))).toMatchObject([{ state: 'note' }]);
    await chmod(base, 0o755);
    expect(await dataOf(base)).toMatchObject([{ state: 'problem', todo: `Close it: chmod 700 ${base}` }]);
    await chmod(base, 0o700);
    expect(await dataOf(base)).toMatchObject([{ state: 'ok' }]);
    await writeFile(join(base, 'file'), '');
    expect(await dataOf(join(base, 'file'))).toMatchObject([{ state: 'problem' }]);
    const keyless = await examine({ CONFAB_DATA_DIR: join(base, 'file'), CONFAB_SECRET_KEY: '' });
    expect(keyless.of('configuration')).toMatchObject([{ state: 'problem', says: expect.stringContaining('EEXIST') }]);
  });

  it('says what production lacks', async () => {
    const production = { NODE_ENV: 'production', CONFAB_METRICS_TOKEN: 'x'.repeat(16) };
    const of = async (more: NodeJS.ProcessEnv) => (await examine({ ...production, ...more })).of('public address');
    expect(await of({})).toMatchObject([{ state: 'problem' }]);
    expect(await of({ CONFAB_PUBLIC_URL: 'http://relay.example' })).toMatchObject([{ state: 'problem' }]);
    const tls = { CONFAB_PUBLIC_URL: 'https://relay.example' };
    expect(await of(tls)).toMatchObject([
      { state: 'problem', says: expect.stringContaining('CONFAB_TRUST_PROXY is 0') },
    ]);
    expect(await of({ ...tls, CONFAB_TRUST_PROXY: '1' })).toMatchObject([{ state: 'ok' }]);
    const { of: ofDevelopment } = await examine();
    expect(ofDevelopment('production')).toMatchObject([
      { state: 'note', todo: expect.stringContaining('CONFAB_PUBLIC_URL') },
    ]);
  });

  it('says what is wrong with the configuration, without a value of it, and does not crash', async () => {
    const wrong = { DATABASE_URL: PASSWORD, STRIPE_SECRET_KEY: PASSWORD, PORT: 'many', CONFAB_SECRET_KEY: PASSWORD };
    const { code, out, err } = await runProcess(['doctor'], { dataDir: relay.dataDir, env: wrong });
    expect({ code, err }).toEqual({ code: 1, err: '' });
    for (const name of Object.keys(wrong).filter(each => each !== 'STRIPE_SECRET_KEY')) {
      expect(out).toMatch(new RegExp(`^PROBLEM {2}configuration {3}${name}: `, 'm'));
    }
    expect(out).toMatch(/^PROBLEM {2}configuration {3}STRIPE_WEBHOOK_SECRET: missing/m);
    expect(out).not.toContain(PASSWORD);
  });

  it('is asked through the relay that has the embedded database open', async () => {
    const embedded = await startTestRelay({ database: 'embedded' });
    onTestFinished(() => embedded.stop());
    const running = await runProcess(['doctor', '--json'], { dataDir: embedded.dataDir, env: { CONFAB_DEMO: 'off' } });
    const { ok, findings } = JSON.parse(running.out) as { ok: boolean; findings: Finding[] };
    expect({ code: running.code, ok, err: running.err }).toEqual({ code: 0, ok: true, err: '' });
    expect(findings.find(({ check }) => check === 'database')?.says).toContain('asked through the relay that runs');
    expect(findings.find(({ check }) => check === 'jobs')).toMatchObject({ state: 'ok' });
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect(await examine({}, ['doctor', '--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('--online'),
    });
    expect(await examine({}, ['doctor', '--onlin'])).toMatchObject({ code: 2, out: '' });
    expect(await examine({}, ['doctor', 'more'])).toMatchObject({ code: 2, out: '' });
  });
});
