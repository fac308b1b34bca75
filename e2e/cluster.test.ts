import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import type { FakeModelServer } from './fakes/model-server.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import { databaseEnvironment, makeDataDir, question, spawnRelay } from './relay.ts';

vi.setConfig({ testTimeout: 120_000 });

const folders: string[] = [];
const vendors: FakeModelServer[] = [];
afterEach(() => Promise.all(vendors.splice(0).map(vendor => vendor.close())));
afterAll(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))));

async function folder(): Promise<string> {
  const made = await makeDataDir({ empty: true });
  folders.push(made);
  return made;
}

const statOf = (pid: number | string) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};
/** The processes that listen for it: those of Node, not what they have started. */
function workersOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        const isWorker =
          Number(statOf(pid)[1]) === parent && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('main.ts');
        return isWorker ? [Number(pid)] : [];
      } catch {
        return [];
      }
    });
}
const isThere = (pid: number) => {
  try {
    // What has ended and was not waited for is no process any more.
    return statOf(pid)[0] !== 'Z';
  } catch {
    return false;
  }
};

it('runs in several processes that listen together, replaces one that is killed, and drains all at a stop', async () => {
  const gate = Promise.withResolvers<void>();
  const vendor = await startFakeOpenai({
    script: { pieces: ['One, ', 'two.'], before: piece => (piece === 1 ? gate.promise : undefined) },
  });
  vendors.push(vendor);
  const env = {
    ...(await databaseEnvironment('postgres')),
    CONFAB_PROCESSES: '2',
    CONFAB_MAX_STREAMS: '1',
    OPENAI_API_KEY: 'sk-openai',
    OPENAI_BASE_URL: vendor.url,
  };
  const relay = await spawnRelay({ dataDir: await folder(), env });
  const before = await vi.waitFor(() => {
    const workers = workersOf(relay.pid);
    expect(workers).toHaveLength(2);
    return workers;
  }, 20_000);
  expect(relay.output().match(/Confab is ready/g)).toHaveLength(1);

  // The metrics of whichever is asked are those of both.
  const metric = async (name: string) =>
    Number(
      new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(await (await fetch(`${relay.url}/metrics`)).text())?.[1],
    );
  await expect.poll(() => metric('confab_processes'), { timeout: 30_000 }).toBe(2);

  process.kill(before[0] as number, 'SIGKILL');
  const after = await vi.waitFor(
    () => {
      const workers = workersOf(relay.pid);
      expect(workers).toHaveLength(2);
      expect(workers).not.toContain(before[0]);
      return workers;
    },
    { timeout: 20_000 },
  );
  await expect.poll(() => metric('confab_processes'), { timeout: 30_000 }).toBe(2);
  expect((await fetch(`${relay.url}/readyz`)).status).toBe(200);

  // One answer in each process is all that there may be: whoever comes then is turned away, and these go on.
  const { widget } = relay.demo;
  const first = await widget.open(question('Count!', { thread: [] }));
  await first.until('delta');
  const leaving = new AbortController();
  const ask = () =>
    fetch(`${widget.base}/turns`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: JSON.stringify(question('Me too?', { thread: [] })),
      signal: leaving.signal,
    });
  const answers = [await ask(), await ask(), await ask()];
  const refused = answers.filter(({ status }) => status === 503);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 503, 503]);
  for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused[0]?.json()).toMatchObject({ code: 'unavailable' });
  leaving.abort();

  const stopped = relay.stop();
  gate.resolve();
  expect((await first.rest()).map(({ event }) => event)).toContain('completed');
  expect(await stopped).toEqual({ code: 0, signal: null });
  expect([...before, ...after].some(isThere)).toBe(false);
});

it('ends with its first process, however that ends', async () => {
  const env = { ...(await databaseEnvironment('postgres')), CONFAB_PROCESSES: '2' };
  const relay = await spawnRelay({ dataDir: await folder(), env });
  const workers = await vi.waitFor(() => {
    const all = workersOf(relay.pid);
    expect(all).toHaveLength(2);
    return all;
  }, 20_000);
  relay.kill('SIGKILL');
  await expect.poll(() => workers.some(isThere), { timeout: 10_000 }).toBe(false);
});

it('tells once what keeps it from starting, and tries no more', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const env = { ...(await databaseEnvironment('postgres')), CONFAB_PROCESSES: '2', PORT: String(port) };
  const relay = await spawnRelay({ dataDir: await folder(), env });
  other.close();
  expect((await relay.ended).code).toBe(1);
  expect(relay.output().match(/port is taken/g)).toHaveLength(1);
  expect(relay.output()).not.toContain('ready');
});
