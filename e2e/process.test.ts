import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import type { Receipt } from '@confab/contract';
import { openDatabase } from '@confab/relay/db/database.ts';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { FakeModelServer, Script } from './fakes/model-server.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import { databaseEnvironment, databases, makeDataDir, question, spawnRelay, within } from './relay.ts';

// Each of these starts a process, some of them twice, and one waits for the longest stop.
vi.setConfig({ testTimeout: 60_000 });

const folders: string[] = [];
const vendors: FakeModelServer[] = [];
afterEach(() => Promise.all(vendors.splice(0).map(vendor => vendor.close())));
afterAll(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))));

async function folder({ empty = false } = {}): Promise<string> {
  const made = await makeDataDir({ empty });
  folders.push(made);
  return made;
}

async function model(script: Script): Promise<NodeJS.ProcessEnv> {
  const vendor = await startFakeOpenai({ script });
  vendors.push(vendor);
  return { OPENAI_API_KEY: 'sk-openai', OPENAI_BASE_URL: vendor.url };
}

const said = (relay: { output: () => string }, words: string) =>
  expect.poll(relay.output, { timeout: 10_000, interval: 10 }).toContain(words);

describe('a start', () => {
  it('that is told nonsense ends at once, with one message that names every wrong variable', async () => {
    const env = {
      PORT: 'eighty',
      DATABASE_URL: 'mysql://localhost/confab',
      CONFAB_SECRET_KEY: 'short',
      CONFAB_RATE_LIMIT: 'maybe',
      OPENAI_BASE_URL: 'api.openai.com',
    };
    const relay = await spawnRelay({ dataDir: await folder(), env });
    expect(await relay.ended).toEqual({ code: 1, signal: null });
    const lines = relay.output().trim().split('\n');
    expect(lines[0]).toBe('Confab cannot start with this configuration:');
    expect(
      lines
        .slice(1)
        .map(line => line.trim().split(':')[0])
        .sort(),
    ).toEqual(Object.keys(env).sort());
    expect(relay.output()).not.toMatch(/\n\s+at |short|eighty/);
  });

  it('in production wants its own secret key, and the rate limits on', async () => {
    const env = { NODE_ENV: 'production', CONFAB_SECRET_KEY: '', CONFAB_RATE_LIMIT: 'off' };
    const relay = await spawnRelay({ dataDir: await folder(), env });
    expect((await relay.ended).code).toBe(1);
    expect(relay.output()).toContain('CONFAB_SECRET_KEY');
    expect(relay.output()).toContain('CONFAB_RATE_LIMIT');
  });

  it('on a port that is taken says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const relay = await spawnRelay({ dataDir: await folder(), env: { PORT: String(port) } });
    other.close();
    expect((await relay.ended).code).toBe(1);
    expect(relay.output()).toMatch(/port is taken/);
    expect(relay.output()).not.toMatch(/\n\s+at /);
  });

  it('on a database that is not there says so, without its password', async () => {
    const env = { DATABASE_URL: 'postgresql://ann:hunter2@127.0.0.1:1/confab' };
    const relay = await spawnRelay({ dataDir: await folder(), env });
    expect((await relay.ended).code).toBe(1);
    expect(relay.output()).toContain('Confab cannot start');
    expect(relay.output()).not.toContain('hunter2');
  });

  it('on a data folder in use is refused, and leaves the one who uses it alone', async () => {
    const dataDir = await folder();
    const first = await spawnRelay({ dataDir });
    const second = await spawnRelay({ dataDir });
    expect((await second.ended).code).toBe(1);
    expect(second.output()).toMatch(/Another Confab is running on the data folder/);
    expect((await first.demo.widget.turn(question('Hello', { thread: [] }))).status).toBe(200);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
  });

  it('in an empty folder makes its own secret key, once, and tells the demo shop’s secret', async () => {
    const dataDir = await folder({ empty: true });
    const env = { CONFAB_SECRET_KEY: '', CONFAB_DEMO_SECRET: '' };
    const secrets: (string | undefined)[] = [];
    for (let start = 1; start <= 2; start += 1) {
      const relay = await spawnRelay({ dataDir, env });
      secrets.push(/Secret of the demo site: (\S{20,})/.exec(relay.output())?.[1]);
      await relay.stop();
    }
    expect(secrets[0]).toBeDefined();
    expect(secrets[1]).toBe(secrets[0]);
  });
});

describe.each(databases)('a stop on %s', database => {
  it('lets the running answer end, takes no new one, and exits with 0', async () => {
    const gate = Promise.withResolvers<void>();
    const env = {
      ...(await databaseEnvironment(database)),
      ...(await model({ pieces: ['One, ', 'two.'], before: piece => (piece === 1 ? gate.promise : undefined) })),
    };
    const relay = await spawnRelay({ dataDir: await folder(), env });
    const { widget } = relay.demo;
    const consentToken = await widget.token();
    const running = await widget.open(question('Count!', { consentToken }));
    await running.until('delta');
    // A turn whose head has come before the stop, and whose body comes after it.
    const late = request(`${widget.base}/turns`, { method: 'POST', headers: { 'Content-Type': 'text/plain' } });
    late.flushHeaders();
    const answer = once(late, 'response');
    await once(late, 'socket').then(([socket]) => socket.connecting && once(socket, 'connect'));

    const stopped = relay.stop();
    await said(relay, '"msg":"stopping"');
    late.end(JSON.stringify(question('And me?', { thread: [] })));
    const [refused] = await answer;
    expect(refused.statusCode).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    refused.resume();
    await expect(widget.turn(question('And me?', { thread: [] }))).rejects.toThrow('fetch failed');

    gate.resolve();
    expect((await running.rest()).at(-1)).toMatchObject({ event: 'completed', data: { text: 'One, two.' } });
    expect(await within(5_000, stopped)).toEqual({ code: 0, signal: null });
  });

  it('by "kill -9" in the middle of writing loses nothing that was answered, and breaks no chain', async () => {
    const dataDir = await folder();
    const env = await databaseEnvironment(database);
    const relay = await spawnRelay({ dataDir, env });
    const { widget } = relay.demo;
    const receipts: Receipt[] = [];
    const handles: string[] = [];
    const enough = Promise.withResolvers<void>();
    const visitor = async () => {
      for (;;) {
        receipts.push((await widget.decide('declined')).body.receipt);
        handles.push(await widget.begin('Is it wool?'));
        if (handles.length >= 20) enough.resolve();
      }
    };
    const cutOff = Promise.allSettled(Array.from({ length: 5 }, visitor));
    await enough.promise;
    await relay.stop('SIGKILL');
    await cutOff;

    const again = await spawnRelay({ dataDir, env });
    for (const handle of handles) {
      const { body } = await again.demo.widget.conversation(handle);
      expect(body.messages.map(({ status }) => status)).toEqual(['completed', 'completed']);
    }
    const next = (await again.demo.widget.decide('granted')).body.receipt;
    await again.stop();

    const { db, close } = await openDatabase({ databaseUrl: env.DATABASE_URL, dataDir });
    const rows = await db.consentRecord.findMany({ orderBy: { sequence: 'asc' } });
    await close();
    const log = rows.map(({ siteId: _, recordedAt, subject, ...row }) => ({
      ...row,
      ...(subject !== null && { subject }),
      siteKey: 'demo',
      recordedAt: recordedAt.toISOString(),
    }));
    expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, at) => at + 1));
    expect(log.map(({ hash }) => hash)).toEqual(log.map(hashOf));
    expect(log.slice(1).map(({ previousHash }) => previousHash)).toEqual(log.slice(0, -1).map(({ hash }) => hash));
    const kept = new Set(log.map(({ hash }) => hash));
    expect([...receipts, next].filter(({ hash }) => !kept.has(hash))).toEqual([]);
  });
});

describe('a long stop', () => {
  it('waits no longer than 15 s for an answer that does not end, and keeps what was said', async () => {
    const dataDir = await folder();
    const env = { ...(await model({ pieces: ['One, '], ending: 'hang' })) };
    const relay = await spawnRelay({ dataDir, env });
    const running = await relay.demo.widget.open(question('Count!', { consentToken: await relay.demo.widget.token() }));
    const [started] = await running.until('delta');
    const handle = started?.event === 'started' ? started.data.conversationId : undefined;
    expect(await within(15_000, relay.stop())).toEqual({ code: 0, signal: null });
    running.leave();

    const again = await spawnRelay({ dataDir, env });
    const { body } = await again.demo.widget.conversation(handle);
    expect(body.messages[1]).toMatchObject({ text: 'One, ', status: 'interrupted' });
    await again.stop();
  });
});

/** SHA-256 of the RFC 8785 JSON of everything else; the receipts hold text and whole numbers only. */
function hashOf({ hash: _, ...rest }: { hash: string }): string {
  const sorted = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(sorted)))
    .digest('hex');
}
