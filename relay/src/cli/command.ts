import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Services } from '../services.ts';

/** Where a command writes. `out` is the result, and may be awaited so that a slow reader is waited for. */
export type CommandIo = {
  out(text: string): Promise<void>;
  /** Progress and complaints, for the person who watches; ends no line by itself. */
  err(text: string): void;
};

/** What a command finds where it runs, however broken that may be. */
export type Surroundings = {
  /** Throws `ConfigError`, and what a file system throws. */
  config(): Config;
  /** The database, where a relay has it open in this process. */
  database: Database | undefined;
  /** The features; opened when it is called, which brings the database up to date. */
  services(): Promise<Services>;
};

type Described = {
  /** Its words and arguments, such as `consent verify FILE [--key THUMBPRINT]`. */
  usage: string;
  /** What it does, in a few lines. */
  help: string;
  examples: string[];
};

/** A command of `npm run confab`. `run` gives the exit code; throws `UsageError` for arguments it does not understand. */
export type Command = Described &
  (
    | { needs: 'nothing'; run(args: string[], io: CommandIo): Promise<number> }
    | {
        /**
         * Runs in the relay that has the embedded database open, else on the database itself, which is opened when
         * `services` is called: after the arguments were understood.
         */
        needs: 'relay';
        run(args: string[], io: CommandIo, services: () => Promise<Services>, signal: AbortSignal): Promise<number>;
      }
    | {
        /** Runs in the relay that has the embedded database open, else here, also where nothing works. */
        needs: 'surroundings';
        run(args: string[], io: CommandIo, surroundings: Surroundings): Promise<number>;
      }
  );

/** The arguments make no sense; the message says what would. Exit code 2. */
export class UsageError extends Error {}
