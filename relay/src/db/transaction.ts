import type { Db, Tx } from './database.ts';

const ATTEMPTS = 5;

/** What is to be done once a transaction is committed. */
const after = new WeakMap<object, (() => void)[]>();

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
    const then: (() => void)[] = [];
    try {
      const result = await db.$transaction(
        tx => {
          after.set(tx, then);
          return work(tx);
        },
        { timeout: timeoutMs, maxWait: 30_000 },
      );
      for (const each of then) each();
      return result;
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

/** Does this once the transaction of `inTransaction` is committed; at once where `tx` is the database itself. */
export function afterCommit(tx: Db | Tx, work: () => void): void {
  const then = after.get(tx);
  if (then) then.push(work);
  else if ('$transaction' in tx) work();
  else throw new Error('a transaction that is not of inTransaction has no end that anybody could wait for');
}

function isConflict(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === 'P2034' || /Code: `(40P01|40001)`|deadlock detected/.test(String(message));
}
