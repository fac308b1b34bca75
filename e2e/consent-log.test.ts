import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ConsentsPage, PublicKeySet } from '@confab/contract';
import { runCommand } from '@confab/relay/cli/commands.ts';
import { textLines, verifyLog } from '@confab/relay/features/consent/index.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  call,
  clientsOf,
  databaseEnvironment,
  listeningIo,
  makeDataDir,
  SECRET_KEY,
  spawnRelay,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from './relay.ts';

vi.setConfig({ testTimeout: 60_000 });

const check = (log: string, keys?: string[]) => verifyLog(textLines(Readable.from([Buffer.from(log)])), { keys });

it('two relay processes on one PostgreSQL append 10,000 decisions to one unbroken log', async () => {
  // Relays behind one address: their demo shops have one policy, and so one notice.
  const behind = { CONFAB_PUBLIC_URL: 'http://shop.example' };
  const env = { ...(await databaseEnvironment('postgres')), ...behind, CONFAB_LOG_LEVEL: 'error' };
  const folders = [await makeDataDir({ empty: true }), await makeDataDir({ empty: true })];
  const relays = [];
  for (const dataDir of folders) relays.push(await spawnRelay({ dataDir, env }));
  try {
    const [first] = relays;
    if (!first) throw new Error('no relay');
    const { noticeVersion } = (await first.demo.widget.config()).body.consent;
    const body = JSON.stringify({ decision: 'declined', noticeVersion, source: 'banner', locale: 'en' });
    const answers: Record<string, number>[] = await Promise.all(
      relays.map(relay => postMany(`${relay.demo.widget.base}/consents`, body, 5_000)),
    );
    expect(answers).toEqual([{ 201: 5_000 }, { 201: 5_000 }]);

    let log = '';
    for (let after: string | null = '0'; after !== null; ) {
      const query: string = `?after=${after}`;
      log += await first.demo.plugin.consentLog(query);
      after = (await first.demo.plugin.consents(query)).body.nextCursor;
    }
    expect(await check(log)).toMatchObject({ ok: true, records: 10_000, last: { sequence: 10_000 } });
    const { items }: ConsentsPage = (await first.demo.plugin.consents('?after=9000')).body;
    expect(new Set(items.map(({ id }) => id)).size).toBe(1_000);
  } finally {
    for (const relay of relays) await relay.stop();
    for (const folder of folders) await rm(folder, { recursive: true });
  }
});

/** Posts the same body again and again, sixteen at a time on connections that stay open; counts the statuses. */
async function postMany(url: string, body: string, times: number): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const statuses: Record<string, number> = {};
  let left = times;
  const client = async () => {
    while (left > 0) {
      left -= 1;
      const sent = request(url, { method: 'POST', agent, headers: { 'Content-Type': 'text/plain' } });
      sent.end(body);
      const [response] = await once(sent, 'response');
      await text(response);
      statuses[response.statusCode] = (statuses[response.statusCode] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  agent.destroy();
  return statuses;
}

it('takes a decision on a notice that another process has just begun to show', async () => {
  const env = await databaseEnvironment('postgres');
  const changing = await startTestRelay({ database: 'postgres', env });
  const other = await startTestRelay({ database: 'postgres', env });
  const site = await changing.site();
  const visitor = clientsOf(other.url, site.key, site.secret).widget;
  const before = (await visitor.config()).body.consent.noticeVersion;
  await site.plugin.change(settings => ({
    ...settings,
    consent: { ...settings.consent, policyUrl: 'https://shop.example/new-policy' },
  }));
  const { noticeVersion } = (await site.widget.config()).body.consent;
  expect(noticeVersion).not.toBe(before);
  expect((await visitor.decide('declined', { noticeVersion })).status).toBe(201);
  expect((await visitor.decide('declined', { noticeVersion: '0123456789ab' })).status).toBe(400);
  await other.stop();
  await changing.stop();
});

it('keeps verifying what was exported, and what was pruned, before the secret key was changed', async () => {
  const env = await databaseEnvironment('postgres');
  const keysOf = async (relay: TestRelay) =>
    (await call<PublicKeySet>('GET', `${relay.url}/.well-known/jwks.json`)).body.keys.map(({ kid }) => kid);
  const before = await startTestRelay({ database: 'postgres', env });
  const site = await before.site();
  for (let time = 0; time < 4; time += 1) await site.widget.decide('declined');
  const owner = before.services.owners.find(({ name }) => name === 'consents');
  await owner?.purgeBefore(before.db, site.id, new Date(Date.now() + 60_000), 2);
  const exported = await site.plugin.consentLog();
  const [oldKey = ''] = await keysOf(before);
  await before.stop();

  const newSecret = Buffer.alloc(32, 9).toString('base64');
  const after = await startTestRelay({
    database: 'postgres',
    env: { ...env, CONFAB_SECRET_KEY: `${newSecret},${SECRET_KEY}` },
  });
  const keys = await keysOf(after);
  const later = await (
    await fetch(`${after.url}/v1/site/consents`, { headers: { Authorization: `Bearer ${site.secret}` } })
  ).text();
  await after.stop();
  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(oldKey);
  expect(await check(exported, keys)).toMatchObject({ ok: true, records: 2, keyIds: [oldKey] });
  expect(await check(later, keys)).toMatchObject({ ok: true, records: 2, keyIds: [oldKey, keys[0]] });
  expect(await check(later, [keys[0] ?? ''])).toMatchObject({ ok: false, problem: { line: 1 } });
});

describe('the command', () => {
  let relay: TestRelay;
  let site: TestSite;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let whole: string;
  beforeAll(async () => {
    env = await databaseEnvironment('postgres');
    relay = await startTestRelay({ database: 'postgres', demo: true, env });
    site = await relay.site();
    for (let time = 0; time < 5; time += 1) await site.widget.decide('declined');
    folder = await mkdtemp(join(tmpdir(), 'confab-consents-'));
    whole = join(folder, 'whole.jsonl');
    await writeFile(whole, await site.plugin.consentLog());
  });
  afterAll(async () => {
    await relay.stop();
    await rm(folder, { recursive: true });
  });

  /** The command of these words, in this process. */
  async function confab(...words: string[]) {
    const { said, io } = listeningIo();
    const code = await runCommand(words, io, async () => relay.services, new AbortController().signal);
    return { code, ...said };
  }

  /** As `npm run confab -- …`, which sets up Node 24 and then runs this. */
  async function spawned(...words: string[]) {
    const main = join(import.meta.dirname, '../relay/src/cli/main.ts');
    const child = spawn(process.execPath, [main, ...words], {
      env: { PATH: process.env.PATH, CONFAB_SECRET_KEY: SECRET_KEY, CONFAB_DATA_DIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code, out, err };
  }

  const keyId = () => relay.services.keyring.logKeys[0]?.id ?? '';

  it('"consent verify" finds a good log whole, and says who signed it', async () => {
    const found = await confab('consent', 'verify', whole);
    expect(found).toMatchObject({ code: 0, err: '' });
    expect(found.out).toMatch(/^The consent log of .* is whole: records 1 to 5, signed by .*\n$/);
    expect(found.out).toContain(keyId());
    expect(found.out).toContain('/.well-known/jwks.json');
    const expected = await confab('consent', 'verify', whole, '--key', keyId());
    expect(expected.code).toBe(0);
    expect(expected.out).not.toContain('jwks');
  });

  it('"consent verify" names the first bad record, or the line, and fails', async () => {
    const bad = join(folder, 'bad.jsonl');
    const lines = (await site.plugin.consentLog()).split('\n');
    await writeFile(bad, lines.map((line, at) => (at === 5 ? line.replace('declined', 'granted') : line)).join('\n'));
    const found = await confab('consent', 'verify', bad);
    expect(found).toMatchObject({ code: 1, out: '' });
    expect(found.err).toMatch(/^record 4 \(line 6\): /);
    const stranger = await confab('consent', 'verify', whole, '--key', 'somebody-else');
    expect(stranger).toMatchObject({ code: 1, out: '' });
    expect(stranger.err).toMatch(/^line 1: /);
  });

  it.each([
    ['a file that is not there', ['consent', 'verify', '/nowhere/log.jsonl']],
    ['a folder', ['consent', 'verify', '/']],
    ['no file', ['consent', 'verify']],
    ['two files', ['consent', 'verify', 'a', 'b']],
    ['an unknown option', ['consent', 'verify', 'a', '--colour', 'red']],
    ['a site that is not there', ['consent', 'export', '--site', 'nobody']],
    ['no site where there are two', ['consent', 'export']],
    ['a place that is no number', ['consent', 'export', '--site', 'demo', '--after', 'x']],
  ])('refuses %s with 2 and one message', async (_, words) => {
    const refused = await confab(...words);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err.trim()).not.toMatch(/^$|\n\s+at /);
  });

  it('"consent export" writes what "consent verify" finds whole, in processes of their own', async () => {
    const exported = await confab('consent', 'export', '--site', site.key, '--after', '2');
    expect(exported).toMatchObject({ code: 0, err: '' });
    expect(await check(exported.out, [keyId()])).toMatchObject({ ok: true, records: 3, first: { sequence: 2 } });

    const file = join(folder, 'exported.jsonl');
    const written = await spawned('consent', 'export', '--site', site.key, '--output', file);
    expect(written).toEqual({ code: 0, out: '', err: '' });
    expect(await spawned('consent', 'verify', file)).toMatchObject({ code: 0, err: '' });
    await writeFile(file, (await readFile(file, 'utf8')).replace('"sequence":3', '"sequence":4'));
    const bad = await spawned('consent', 'verify', file);
    expect(bad).toMatchObject({ code: 1, out: '' });
    expect(bad.err).toMatch(/^record 3 \(line 5\): /);
    expect(await spawned('consent', 'verify', join(folder, 'nowhere'))).toMatchObject({ code: 2, out: '' });
  });
});
