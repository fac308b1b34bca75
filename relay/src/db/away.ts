import { setTimeout as pause } from 'node:timers/promises';

/** Prisma's codes for a database that cannot be reached, is too slow to connect to, or has closed the connection. */
const CODES = ['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2037'];
/** The same in its driver's words. */
const KINDS = ['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections'];
/** PostgreSQL's own: it goes, comes, is full, or the connection broke (SQLSTATE 57P01 to 57P05, 53300, class 08). */
const STATES = /^(57P0\d|53300|08\w{3})$/;
/** What neither of them has a code for. */
const WORDS =
  /^Connection terminated|^Client has encountered a connection error|Unable to start a transaction in the given time/;

const AGAIN_MS = 250;
/** A restart of PostgreSQL takes a second or two, a failover some more. */
const PATIENCE_MS = 10_000;

/** Whether the database could not be asked, as while it restarts. What was asked of it may still have been done. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, meta, cause } = error as {
    code?: unknown;
    meta?: { driverAdapterError?: { cause?: unknown } };
  } & Error;
  const ofDriver = [meta?.driverAdapterError?.cause, cause] as (
    | { kind?: unknown; code?: unknown }
    | null
    | undefined
  )[];
  return (
    CODES.includes(String(code)) ||
    ofDriver.some(its => KINDS.includes(String(its?.kind)) || STATES.test(String(its?.code))) ||
    WORDS.test(error.message)
  );
}

/** Does it, and again while the database is away. `isAgain`: it may have been done already, and nobody was told. */
export async function outlasting<Result>(work: (isAgain: boolean) => Promise<Result>): Promise<Result> {
  const until = performance.now() + PATIENCE_MS;
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await work(isAgain);
    } catch (error) {
      if (!isDatabaseAway(error) || performance.now() > until) throw error;
      await pause(AGAIN_MS);
    }
  }
}
