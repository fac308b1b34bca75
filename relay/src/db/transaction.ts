import type { Db, Tx } from './database.ts';

const ATTEMPTS = 5;

/**
 * Runs the work in one transaction: all of it, or nothing. Where the database gave it up for the sake of another
 * transaction (deadlock, serialization), it is tried again, so the work must not do anything outside.
 */
export async function inTransaction<Result>(
  db: Db,
  work: (tx: Tx) => Promise<Result>,
  { timeoutMs = 120_000 } = {},
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.$transaction(work, { timeout: timeoutMs, maxWait: 30_000 });
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === 'P2034' || /Code: `(40P01|40001)`|deadlock detected/.test(String(message));
}
