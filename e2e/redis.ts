import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

const PASSWORD = 'p@ss/word';

/** Whether this machine has a Redis; where it has none, what needs one is skipped. */
export const hasRedis = ((): boolean => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

export type OwnRedis = Awaited<ReturnType<typeof startRedis>>;

/** A Redis of our own on a free loopback port, with a password, that keeps nothing in files. It ends with this process. */
export async function startRedis() {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'confab-redis-'));
  let child: ChildProcess;
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  async function start(): Promise<void> {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    child = spawn('redis-server', [...options, '--requirepass', PASSWORD], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    for await (const text of child.stdout ?? []) {
      said += text;
      if (said.includes('Ready to accept connections')) break;
    }
    child.stdout?.resume();
  }
  async function end(): Promise<void> {
    const ended = once(child, 'exit');
    kill();
    await ended;
  }

  await start();
  return {
    url: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    start,
    /** As a crash; what it held is gone. */
    end,
    /** What a client of ours would be told by this command of `redis-cli`. */
    ask: (...command: string[]) =>
      execFileSync('redis-cli', ['-p', String(port), '-a', PASSWORD, '--no-auth-warning', ...command], {
        encoding: 'utf8',
      }).trim(),
    async stop(): Promise<void> {
      process.off('exit', kill);
      if (child.exitCode === null && child.signalCode === null) await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
