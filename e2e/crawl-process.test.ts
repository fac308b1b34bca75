import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { crawler, startRelayForCrawls } from './crawler.ts';
import { htmlPage } from './fakes/site.ts';
import { databaseEnvironment, SECRET_KEY, type TestRelay } from './relay.ts';

const PATHS = ['/a', '/b', '/c', '/d', '/e', '/f'];

let relay: TestRelay;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  env = await databaseEnvironment('postgres');
  relay = await startRelayForCrawls(env);
});
afterAll(async () => relay.stop());

/** A process that is ready to crawl the source at this moment; `run` has it do so. */
async function crawlProcess(siteId: string, sourceId: string, at: string) {
  const file = join(import.meta.dirname, 'crawl-process.ts');
  const child = spawn(process.execPath, [file, siteId, sourceId, at], {
    env: { PATH: process.env.PATH, NODE_ENV: 'test', CONFAB_SECRET_KEY: SECRET_KEY, CONFAB_DEMO: 'off', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  let said = '';
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, said }));
  const ready = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', text => {
    said += text;
    if (said.includes('ready')) ready.resolve();
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await Promise.race([ready.promise, ended]);
  return {
    run() {
      child.stdin.write('go\n');
      return ended;
    },
    kill() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

it('a crawl that is killed loses the page under way, and two that go on at once ask for no page twice', async () => {
  const world = await crawler(relay, {});
  onTestFinished(() => world.internet.close());
  const { internet, site } = world;
  const reached = Promise.withResolvers<void>();
  let pages = 0;
  internet.hosts[internet.host] = path => {
    if (path === '/') return htmlPage('Home', PATHS);
    if (!PATHS.includes(path)) return undefined;
    pages += 1;
    if (pages !== 3) return htmlPage(`Page ${path}`);
    reached.resolve();
    // Begins, and does not end.
    return {
      body: async function* () {
        yield '<p>';
        await new Promise(() => {});
      },
    };
  };
  const { sourceId } = await world.add(`${internet.url}/`);
  const first = await crawlProcess(site.id, sourceId, '2026-11-22T12:00:00Z');
  void first.run();
  await reached.promise;
  expect(await first.kill()).toMatchObject({ signal: 'SIGKILL' });
  const asked = internet.pathsOf(internet.host);
  const lost = asked.at(-1);

  const others = await Promise.all([1, 2].map(() => crawlProcess(site.id, sourceId, '2026-11-22T12:30:00Z')));
  const said = (await Promise.all(others.map(other => other.run()))).map(({ said }) => said.split('\n')[1]);
  expect(said).toContain('completed');
  const all = internet.pathsOf(internet.host).filter(path => path === '/' || PATHS.includes(path));
  expect(all.toSorted()).toEqual(['/', ...PATHS, lost].toSorted());
  expect((await world.sources.get(site, sourceId)).counts).toMatchObject({ waiting: 0, fetched: 7, documents: 7 });
}, 60_000);
