import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  clientsOf,
  databaseEnvironment,
  makeDataDir,
  pages,
  question,
  type RelayProcess,
  SECRET_KEY,
  spawnRelay,
  startTestRelay,
  type TestRelay,
} from './relay.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 });

const root = join(import.meta.dirname, '..');
const commit = readFileSync(join(root, 'relay/prisma/previous-release'), 'utf8').trim();
// A shallow clone has no history, and no release but its own.
const isThere = spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, stdio: 'ignore' }).status === 0;

/** Packages that it has and we have not, or not in its version, from npm; kept for the next time. */
async function linkPackages(folder: string): Promise<void> {
  const versionIn = (place: string) => {
    const file = join(place, 'package.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).version as string) : undefined;
  };
  const wanted: Record<string, string> = JSON.parse(
    readFileSync(join(folder, 'relay/package.json'), 'utf8'),
  ).dependencies;
  const missing = Object.entries(wanted).filter(([name, version]) => {
    const places = [join(root, 'relay/node_modules', name), join(root, 'node_modules', name)];
    return !name.startsWith('@confab/') && places.map(versionIn).find(Boolean) !== version;
  });
  if (missing.length === 0) return;
  const names = missing.map(each => each.join('@'));
  const cache = join(
    tmpdir(),
    `confab-previous-packages-${createHash('sha256').update(names.join()).digest('hex').slice(0, 16)}`,
  );
  if (!existsSync(join(cache, 'complete'))) {
    await mkdir(cache, { recursive: true });
    const npm = ['install', '--prefix', cache, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', [...npm, ...names], { cwd: cache, stdio: 'pipe' });
    await writeFile(join(cache, 'complete'), '');
  }
  for (const [name] of missing) {
    const link = join(folder, 'relay/node_modules', name);
    await rm(link, { recursive: true, force: true });
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(cache, 'node_modules', name), link);
  }
}

/** The code of that commit in a folder of its own, with our packages and its own contract and database client. */
async function checkOut(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'confab-previous-'));
  const archive = execFileSync(
    'git',
    ['archive', commit, 'relay', 'shared/contract', 'package.json', 'tsconfig.json'],
    {
      cwd: root,
      maxBuffer: 256 * 1024 * 1024,
    },
  );
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  // Ours would lead to the contract of this release.
  await mkdir(join(folder, 'relay/node_modules/@confab'), { recursive: true });
  await symlink(join(folder, 'shared/contract'), join(folder, 'relay/node_modules/@confab/contract'));
  for (const name of globSync(['[!@.]*', '@*/*'], { cwd: join(root, 'relay/node_modules') })) {
    const link = join(folder, 'relay/node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'relay/node_modules', name), link);
  }
  await linkPackages(folder);
  await symlink(join(root, 'widget-core'), join(folder, 'widget-core'));
  execFileSync(process.execPath, [join(root, 'node_modules/prisma/build/index.js'), 'generate'], {
    cwd: join(folder, 'relay'),
    stdio: 'pipe',
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: join(root, 'package.json'),
      CHECKPOINT_DISABLE: '1',
    },
  });
  return folder;
}

describe.skipIf(!isThere)('the previous release on this release’s schema (skipped where git has no history)', () => {
  let folder: string;
  let dataDir: string;
  let env: NodeJS.ProcessEnv;
  let now: TestRelay;
  let before: RelayProcess;
  beforeAll(async () => {
    env = { ...(await databaseEnvironment('postgres')), CONFAB_DEMO: 'off', CONFAB_PROCESSES: '1' };
    [folder, dataDir, now] = await Promise.all([checkOut(), makeDataDir({ empty: true }), startTestRelay({ env })]);
    before = await spawnRelay({ dataDir, env, main: join(folder, 'relay/src/main.ts') });
  });
  afterAll(async () => {
    await before?.stop();
    await now?.stop();
    for (const each of [folder, dataDir]) if (each) await rm(each, { recursive: true, force: true });
  });

  it('starts, and serves every part of a site beside this one', async () => {
    expect(before.url, before.output()).not.toBe('');
    const site = await now.site({ documents: pages });
    const old = clientsOf(before.url, site.key, site.secret);

    const kept = await old.widget.begin('How long does a parcel to Iceland take?');
    expect((await site.widget.turn(question('And the wool?', { conversationId: kept }))).completed).toBeDefined();
    const other = await site.widget.begin('How long does a parcel to Iceland take?');
    expect((await old.widget.turn(question('And the wool?', { conversationId: other }))).completed).toBeDefined();
    expect((await old.widget.conversation(kept)).body.messages).toHaveLength(4);

    for (const [first, second] of [
      [old, site],
      [site, old],
    ] as const) {
      const thread = await first.widget.carry('How long does a parcel take?');
      expect((await second.widget.turn(question('And the wool?', { thread }))).completed?.seal).toBeDefined();
      expect((await first.widget.decide('declined')).status).toBe(201);
    }

    const lead = { fields: { name: 'Ann', email: 'ann@people.example' } };
    expect((await old.widget.lead({ ...lead, conversationId: kept })).status).toBe(201);
    expect((await site.plugin.leads()).body.items).toHaveLength(1);

    await old.plugin.change(settings => ({ ...settings, retention: { ...settings.retention, conversationDays: 30 } }));
    await site.plugin.change(settings => ({ ...settings, name: 'Renamed' }));
    const [read, theirs] = await Promise.all([site.plugin.settings(), old.plugin.settings()]);
    expect(read.body).toMatchObject({ name: 'Renamed', retention: { conversationDays: 30 } });
    expect([theirs.status, theirs.body.retention.conversationDays]).toEqual([200, 30]);
    await old.plugin.sync({ upsert: pages.map(page => ({ ...page, title: `${page.title} now` })) });
    expect((await site.plugin.search({ q: 'wool' })).status).toBe(200);

    const erasure = { type: 'erasure', subject: { email: 'ann@people.example' } };
    expect((await old.plugin.requestData(erasure)).body.status).toBe('completed');
    expect((await site.plugin.leads()).body.items).toEqual([]);
    expect((await site.widget.conversation(kept)).status).toBe(404);
    expect((await site.plugin.consents()).body.items.length).toBeGreaterThan(3);

    const purge = spawn(
      process.execPath,
      [join(folder, 'relay/src/cli/main.ts'), 'purge', '--site', site.key, '--now', '2036-01-01'],
      {
        env: { PATH: process.env.PATH, ...env, CONFAB_DATA_DIR: dataDir, CONFAB_SECRET_KEY: SECRET_KEY },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [said, [code]] = await Promise.all([textOf(purge.stdout), once(purge, 'close')]);
    expect(code).toBe(0);
    expect(said).toContain('conversations');
    expect((await site.widget.conversation(other)).status).toBe(404);
    const faults = before
      .output()
      .split('\n')
      .filter(line => /"level":(50|60|"error"|"fatal")/.test(line));
    expect(faults).toEqual([]);
  });
});
