import net from 'node:net';
import { createInterface } from 'node:readline/promises';
import type { CommandIo } from './command.ts';

/** Runs the command of these words; never throws. */
export type RunCommand = (argv: string[], io: CommandIo, signal: AbortSignal) => Promise<number>;

type FromRelay = { out: string } | { err: string } | { exit: number };

/**
 * Takes one command from a connection: a line of JSON with its words; back go lines with what it says, then its exit
 * code. The embedded database can be open in one process only, so that process runs the operator's commands.
 */
export async function takeCommand(socket: net.Socket, run: RunCommand): Promise<void> {
  const gone = new AbortController();
  socket.on('error', () => {}).once('close', () => gone.abort());
  const { value } = await createInterface({ input: socket })[Symbol.asyncIterator]().next();
  if (value === undefined) return;
  const tell = (message: FromRelay) =>
    new Promise<void>(resolve => {
      if (socket.destroyed) resolve();
      else socket.write(`${JSON.stringify(message)}\n`, () => resolve());
    });
  const io = { out: (text: string) => tell({ out: text }), err: (text: string) => void tell({ err: text }) };
  const argv = wordsOf(value);
  // Whoever speaks something else is no caller of ours.
  if (!argv) return void socket.destroy();
  await tell({ exit: await run(argv, io, gone.signal) });
  socket.end();
}

function wordsOf(line: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(line);
    return Array.isArray(words) ? words.map(String) : undefined;
  } catch {
    return undefined;
  }
}

/** Has the relay that listens at `address` run the command until `signal` aborts. `undefined` where none listens. */
export async function askRunningRelay(
  address: string,
  argv: string[],
  io: CommandIo,
  signal: AbortSignal,
): Promise<number | undefined> {
  const socket = net.connect(address);
  const connected = await new Promise<boolean>(resolve => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  if (!connected) return undefined;
  socket.on('error', () => {});
  socket.write(`${JSON.stringify(argv)}\n`);
  for await (const line of createInterface({ input: socket, signal })) {
    const message = JSON.parse(line) as FromRelay;
    if ('exit' in message) {
      socket.destroy();
      return message.exit;
    }
    if ('out' in message) await io.out(message.out);
    else io.err(message.err);
  }
  // The relay sees that we are gone, and stops the command.
  socket.destroy();
  const why = signal.aborted ? 'Stopped' : 'The relay went away';
  io.err(`${why} before the command was done. Run it again.\n`);
  return 1;
}
