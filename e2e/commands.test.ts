import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands, runCommand as run } from '@confab/relay/cli/commands.ts';
import { lockAddress } from '@confab/relay/db/embedded.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { databaseEnvironment, databases, listeningIo, makeDataDir, runCommand, spawnRelay } from './relay.ts';

vi.setConfig({ testTimeout: 60_000 });

const root = join(import.meta.dirname, '..');

describe('npm run confab', () => {
  it('is the script of package.json, and says what there is', async () => {
    const npm = spawn('npm', ['run', '--silent', 'confab', '--', '--help'], { cwd: root });
    let output = '';
    npm.stdout.on('data', piece => {
      output += piece;
    });
    const code = await new Promise(resolve => npm.once('close', resolve));
    expect(code).toBe(0);
    for (const { usage } of commands) expect(output).toContain(usage);
  });

  /** Runs a command that has no business with a database. */
  async function inProcess(argv: string[]) {
    const { said, io } = listeningIo();
    const services = () => Promise.reject(new Error('the database was opened'));
    return { code: await run(argv, io, services, new AbortController().signal), ...said };
  }

  it.each(commands.map(({ usage }) => usage))('%s has a help with examples', async usage => {
    const name = usage.split(' ').filter(word => /^[a-z-]+$/.test(word));
    const { code, out } = await inProcess([...name, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(usage);
    expect(out).toMatch(/Examples\n {2}npm run confab -- /);
  });

  it.each([
    [[]],
    [['make-coffee']],
    [['consent']],
    [['consent', 'verify']],
    [['consent', 'export', '--after', 'x']],
    [['purge', '--colour']],
    [['purge', '--now', '2026-02-30']],
    [['data-map', 'x']],
  ])('%j is refused with what would do', async argv => {
    const { code, out, err } = await inProcess(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trim()).not.toBe('');
    expect(err).not.toMatch(/^\s+at |the database was opened/m);
  });

  it('wants the name of a file behind --output', async () => {
    expect(await runCommand(['data-map', '--output'])).toMatchObject({ code: 2, out: '' });
  });
});

describe('the README', () => {
  it('names commands that do what it says', async () => {
    const [dataDir, folder] = [await makeDataDir(), await mkdtemp(join(tmpdir(), 'confab-readme-'))];
    const relay = await spawnRelay({ dataDir });
    await relay.demo.widget.decide('granted');
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const lines = [...readme.matchAll(/^npm run (?:-s )?confab -- (.+)$/gm)].map(([, line = '']) => line.split(' '));
    expect(lines.length).toBeGreaterThan(3);
    for (const argv of lines) {
      expect(await runCommand(argv, { dataDir, cwd: folder }), argv.join(' ')).toMatchObject({ code: 0 });
    }
    await relay.stop();
    for (const each of [dataDir, folder]) await rm(each, { recursive: true });
  });
});

describe.each(databases)('the operator’s commands on %s', database => {
  let dataDir: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    dataDir = await makeDataDir();
    env = await databaseEnvironment(database);
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  const dataMap = readFileSync(join(root, 'docs/data-map.md'), 'utf8');

  it('work beside a running relay, and without one', async () => {
    const relay = await spawnRelay({ dataDir, env });
    // Who may connect may command: nobody but whoever runs the relay.
    if (database === 'embedded') expect((await stat(lockAddress(dataDir))).mode & 0o777).toBe(0o600);
    const beside = await runCommand(['data-map'], { dataDir, env });
    expect(beside).toEqual({ code: 0, out: dataMap, err: '' });
    await relay.stop();
    expect(await runCommand(['data-map'], { dataDir, env })).toEqual(beside);
  });

  it('write to a file that only its owner can read', async () => {
    const file = join(tmpdir(), `confab-output-${process.pid}-${database}`);
    expect(await runCommand(['data-map', '--output', file], { dataDir, env })).toEqual({ code: 0, out: '', err: '' });
    expect(await readFile(file, 'utf8')).toBe(dataMap);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await rm(file);
  });
});
