import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { within } from './relay.ts';

vi.setConfig({ testTimeout: 120_000 });

const root = join(import.meta.dirname, '..');

function npmRunDemo(...args: string[]) {
  // As a terminal has it: Ctrl-C goes to everybody in the group.
  const child = spawn('npm', ['run', '--silent', 'demo:shopify', '--', ...args], { cwd: root, detached: true });
  const kill = () => child.pid && process.kill(-child.pid, 'SIGKILL');
  process.once('exit', kill);
  let output = '';
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', piece => {
      output += piece;
      if (output.includes('Ctrl-C ends it')) ready.resolve();
    });
  }
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', kill);
    ready.resolve();
    return code as number;
  });
  return {
    output: () => output,
    ready: ready.promise,
    ended,
    interrupt: () => process.kill(-(child.pid as number), 'SIGINT'),
  };
}

it('npm run demo:shopify starts a shop that has the app, prints links that answer, and stops', async () => {
  const demo = npmRunDemo();
  await demo.ready;
  const links = [...demo.output().matchAll(/http:\S+/g)].map(([link]) => link);
  expect(links).toHaveLength(4);
  const [admin, shop, signedIn, relay] = await Promise.all(
    links.map(async link => {
      const answer = await fetch(link);
      return { status: answer.status, text: await answer.text() };
    }),
  );
  expect(admin).toMatchObject({ status: 200, text: expect.stringContaining('<iframe title="Confab"') });
  expect(shop).toMatchObject({ status: 200, text: expect.stringContaining('Kittiwake Jumper') });
  expect(shop?.text).toContain('confab-loader.js');
  expect(signedIn?.status).toBe(200);
  expect(relay?.text).toContain('not_found');

  demo.interrupt();
  expect(await within(30_000, demo.ended)).toBe(0);
  for (const link of links) await expect(fetch(link)).rejects.toThrow('fetch failed');
  expect(demo.output()).not.toMatch(/^\s+at /m);
});

it('npm run demo:shopify says what it takes, and in one line what it does not', async () => {
  const help = npmRunDemo('--help');
  expect(await help.ended).toBe(0);
  expect(help.output()).toContain('npm run demo:shopify -- --port 8080');
  const wrong = {
    '--port x': '--port takes the number of a port, not x.',
    '--colour red': "Unknown option '--colour'",
  };
  for (const [args, words] of Object.entries(wrong)) {
    const refused = npmRunDemo(...args.split(' '));
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toContain(words);
    expect(refused.output()).not.toMatch(/^\s+at /m);
  }
});
