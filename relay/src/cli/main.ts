import { createWriteStream } from 'node:fs';
import { ConfigError, readConfig } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { lockAddress } from '../db/embedded.ts';
import { createLog } from '../lib/log.ts';
import { REPORT_MS } from '../relay.ts';
import { createServices, type Services } from '../services.ts';
import { askRunningRelay } from './channel.ts';
import type { CommandIo } from './command.ts';
import { commandOf, runCommand, usage } from './commands.ts';

// The schema engine leaves a timer of ten seconds behind, which nobody has to wait for.
process.exit(await main(process.argv.slice(2)));

async function main(words: string[]): Promise<number> {
  if (words.length === 0 || words[0] === '--help' || words[0] === '-h') {
    process.stdout.write(usage());
    return 0;
  }
  const { argv, file } = withoutOutput(words);
  if (file === '') {
    process.stderr.write('--output needs the name of a file.\n');
    return 2;
  }
  const target = file === undefined ? process.stdout : createWriteStream(file, { mode: 0o600 });
  const written = Promise.withResolvers<void>();
  if (file !== undefined) target.once('finish', () => written.resolve());
  target.once('error', error => {
    process.stderr.write(`${file ?? 'standard output'} cannot be written: ${error.message}\n`);
    process.exit(1);
  });
  const io: CommandIo = {
    out: text => new Promise(resolve => void target.write(text, () => resolve())),
    err: text => void process.stderr.write(text),
  };
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  const exitCode = await run(argv, io, stop.signal);
  if (file !== undefined) {
    target.end();
    await written.promise;
  }
  return exitCode;
}

async function run(argv: string[], io: CommandIo, signal: AbortSignal): Promise<number> {
  let close = async () => {};
  /** The features on the database itself; no relay is started. */
  async function services(): Promise<Services> {
    const config = readConfig(process.env);
    const database = await openDatabase(config);
    close = () => database.close();
    const log = createLog('error', process.stderr);
    const made = await createServices({ config: { ...config, demo: undefined }, database, log, now: () => new Date() });
    close = async () => {
      await made.jobs.stop();
      await Promise.all([database.close(), made.reporter.close(REPORT_MS)]);
    };
    return made;
  }
  try {
    if (needsRelay(argv)) {
      const config = readConfig(process.env);
      const exit = config.databaseUrl
        ? undefined
        : await askRunningRelay(lockAddress(config.dataDir), argv, io, signal);
      if (exit !== undefined) return exit;
    }
    return await runCommand(argv, io, services, signal);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(`${error.message}\n`);
    return 2;
  } finally {
    await close();
  }
}

function needsRelay(argv: string[]): boolean {
  try {
    const { command, args } = commandOf(argv);
    return command.needs === 'relay' && !args.includes('--help') && !args.includes('-h');
  } catch {
    return false;
  }
}

/** The file belongs to whoever calls, not to the relay that may run the command. */
function withoutOutput(words: string[]): { argv: string[]; file: string | undefined } {
  const at = words.indexOf('--output');
  if (at === -1) return { argv: words, file: undefined };
  return { argv: words.toSpliced(at, 2), file: words[at + 1] ?? '' };
}
