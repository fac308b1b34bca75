import { createWriteStream } from 'node:fs';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { lockAddress } from '../db/embedded.ts';
import { createLog } from '../lib/log.ts';
import { createReporter } from '../providers/reporter/registry.ts';
import type { Reporter } from '../providers/reporter/reporter.ts';
import { silentReporter } from '../providers/reporter/silent.ts';
import type { Services } from '../services.ts';
import { endOnStrayFaults, REPORT_MS } from '../strays.ts';
import { askRunningRelay } from './channel.ts';
import type { Command, CommandIo } from './command.ts';
import { commandOf, runCommand, usage } from './commands.ts';
import { openServices } from './open-services.ts';

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
  const log = createLog('error', process.stderr);
  const config = () => readConfig(process.env);
  const needs = needsOf(argv);
  let reporter: Reporter = silentReporter;
  let close = async () => {};
  /** The features on the database itself; no relay is started. */
  async function services(): Promise<Services> {
    const opened = await openServices(config(), reporter);
    close = opened.close;
    return opened.services;
  }
  try {
    if (needs !== 'nothing') {
      const known = needs === 'relay' ? config() : configIfRight();
      if (known) {
        reporter = await createReporter(known, () => new Date());
        endOnStrayFaults({ log, reporter });
        const address = lockAddress(known.dataDir);
        const exit = known.databaseUrl ? undefined : await askRunningRelay(address, argv, io, signal);
        if (exit !== undefined) return exit;
      }
    }
    return await runCommand(argv, io, services, signal, { config, report: reporter.report });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(`${error.message}\n`);
    return 2;
  } finally {
    await close();
    await reporter.close(REPORT_MS);
  }
}

/** A command that tells what is wrong reads it again, and tells it. */
function configIfRight(): Config | undefined {
  try {
    return readConfig(process.env);
  } catch {
    return undefined;
  }
}

function needsOf(argv: string[]): Command['needs'] {
  try {
    const { command, args } = commandOf(argv);
    return args.includes('--help') || args.includes('-h') ? 'nothing' : command.needs;
  } catch {
    return 'nothing';
  }
}

/** The file belongs to whoever calls, not to the relay that may run the command. */
function withoutOutput(words: string[]): { argv: string[]; file: string | undefined } {
  const at = words.indexOf('--output');
  if (at === -1) return { argv: words, file: undefined };
  return { argv: words.toSpliced(at, 2), file: words[at + 1] ?? '' };
}
