import { ConfigError } from '../config.ts';
import { AppError } from '../lib/app-error.ts';
import { redact } from '../lib/redact.ts';
import type { Reporter } from '../providers/reporter/reporter.ts';
import type { Services } from '../services.ts';
import { accountsInvite, accountsList } from './accounts.ts';
import { backup } from './backup.ts';
import { type Command, type CommandIo, type Surroundings, UsageError } from './command.ts';
import { consentExport } from './consent-export.ts';
import { consentVerify } from './consent-verify.ts';
import { dataMapCommand } from './data-map.ts';
import { doctor } from './doctor.ts';
import { evaluate } from './eval.ts';
import { keysRotate, keysStatus } from './keys.ts';
import { purge } from './purge.ts';
import { restore } from './restore.ts';

/** Every command, in the order of the help. */
export const commands: Command[] = [
  doctor,
  consentExport,
  consentVerify,
  purge,
  evaluate,
  dataMapCommand,
  accountsInvite,
  accountsList,
  keysRotate,
  keysStatus,
  backup,
  restore,
];

export const usage = (): string => `Runs Confab's commands for the operator.

Usage
  npm run confab -- COMMAND [--help]

Commands
${commands.map(({ usage }) => `  ${usage}`).join('\n')}

With the embedded database a command runs inside the relay that has it open, if one does; with PostgreSQL (DATABASE_URL)
it runs beside the relays. Every command takes --output FILE to write its result to a file.

Examples
${commands.flatMap(({ examples }) => examples.map(example => `  npm run confab -- ${example}`)).join('\n')}
`;

const helpOf = ({ usage: words, help, examples }: Command): string => `${help}

Usage
  npm run confab -- ${words}

Examples
${examples.map(example => `  npm run confab -- ${example}`).join('\n')}
`;

/** The command that these words begin with, and its arguments. Throws `UsageError`. */
export function commandOf(argv: string[]): { command: Command; args: string[] } {
  for (const command of commands) {
    const name = command.usage.split(' ').filter(word => /^[a-z-]+$/.test(word) && !word.startsWith('-'));
    if (name.every((word, index) => argv[index] === word)) return { command, args: argv.slice(name.length) };
  }
  const given = argv.length > 0 ? `There is no command "${argv.join(' ')}".` : 'Name a command.';
  throw new UsageError(`${given} See npm run confab -- --help`);
}

type Around = Partial<Pick<Surroundings, 'config' | 'database'>> & {
  /** Hears of what nobody could have expected. */
  report?: Reporter['report'];
};

/** Runs one command to its exit code; whatever goes wrong is said on `err`. */
export async function runCommand(
  argv: string[],
  io: CommandIo,
  services: () => Promise<Services>,
  signal: AbortSignal,
  { report = () => {}, config = unknownConfig, database }: Around = {},
): Promise<number> {
  try {
    const { command, args } = commandOf(argv);
    if (args.includes('--help') || args.includes('-h')) {
      await io.out(helpOf(command));
      return 0;
    }
    if (command.needs === 'nothing') return await command.run(args, io);
    if (command.needs === 'surroundings') return await command.run(args, io, { config, database, services });
    return await command.run(args, io, services, signal);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    io.err(`${redact(message)}\n`);
    const isUsage = error instanceof UsageError || error instanceof ConfigError || code?.startsWith('ERR_PARSE_ARGS');
    if (!isUsage && !(error instanceof AppError && error.status < 500)) report(error);
    return isUsage ? 2 : 1;
  }
}

function unknownConfig(): never {
  throw new ConfigError('The configuration is not known here.');
}
