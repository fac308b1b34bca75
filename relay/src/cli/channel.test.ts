import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askRunningRelay, type RunCommand, takeCommand } from './channel.ts';

describe('the channel between a command and the relay', () => {
  let folder: string;
  let address: string;
  let server: net.Server;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'confab-channel-'));
    address = join(folder, 'lock');
  });
  afterEach(async () => {
    server?.close();
    await rm(folder, { recursive: true });
  });

  async function listen(run: RunCommand) {
    server = net.createServer(socket => void takeCommand(socket, run)).listen(address);
    await once(server, 'listening');
  }

  function ask(argv: string[], signal = new AbortController().signal) {
    const said = { out: '', err: '' };
    const io = {
      async out(text: string) {
        said.out += text;
      },
      err(text: string) {
        said.err += text;
      },
    };
    return askRunningRelay(address, argv, io, signal).then(exit => ({ exit, ...said }));
  }

  it('takes the words there, and what is said and the exit code back', async () => {
    await listen(async (argv, io) => {
      await io.out(`${argv.join('|')}\n`);
      io.err('line 1\nline 2');
      await io.out('ö'.repeat(100_000));
      return 3;
    });
    const answer = await ask(['purge', '--site', 'two words\n']);
    expect(answer).toEqual({ exit: 3, out: `purge|--site|two words\n\n${'ö'.repeat(100_000)}`, err: 'line 1\nline 2' });
  });

  it('says where no relay listens', async () => {
    await listen(async () => 0);
    server.close();
    expect((await ask(['purge'])).exit).toBeUndefined();
  });

  it('ends for a caller who presses Ctrl-C, and the relay stops the command', async () => {
    const stop = new AbortController();
    const stopped = Promise.withResolvers<string>();
    await listen(async (_, io, signal) => {
      signal.addEventListener('abort', () => stopped.resolve('stopped'));
      await io.out('begun');
      stop.abort();
      await stopped.promise;
      await io.out('more');
      return 0;
    });
    expect(await ask(['purge'], stop.signal)).toMatchObject({ exit: 1, err: expect.stringContaining('Stopped') });
    expect(await stopped.promise).toBe('stopped');
  });

  it('tells a caller whose relay went away', async () => {
    server = net.createServer(socket => socket.once('data', () => socket.end('{"out":"begun"}\n'))).listen(address);
    await once(server, 'listening');
    const answer = await ask(['purge']);
    expect(answer).toEqual({ exit: 1, out: 'begun', err: expect.stringContaining('went away') });
  });

  it.each(['GET / HTTP/1.1', '{"purge":true}', 'null', ''])(
    'runs nothing for who says %j, and lives on',
    async line => {
      let runs = 0;
      await listen(async () => {
        runs += 1;
        return 0;
      });
      const stranger = net.connect(address);
      stranger.on('error', () => {}).end(`${line}\n`);
      await once(stranger, 'close');
      expect(runs).toBe(0);
      expect(await ask(['purge'])).toMatchObject({ exit: 0 });
    },
  );
});
