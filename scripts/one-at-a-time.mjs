// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './run.mjs';

// Not inside node_modules: `npm ci` begins by deleting that.
const lockFile = join(tmpdir(), `confab-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`);

/**
 * Does the work unless it is done, and never twice at once: a second `npm start` waits for the first and then finds the
 * work done.
 * @param {() => boolean} isDone
 * @param {() => Promise<void>} work
 */
export async function onceAtATime(isDone, work) {
  if (isDone()) return;
  const release = await takeLock();
  try {
    if (!isDone()) await work();
  } finally {
    release();
  }
}

async function takeLock() {
  for (let waited = 0; !tryLock(); waited++) {
    if (waited % 20 === 0) console.log(`· Waiting for another Confab that is installing or building (${lockFile}) …`);
    await sleep(500);
  }
  // Also when a signal or an error ends us in the middle.
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  return () => {
    process.off('exit', release);
    release();
  };
}

function tryLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    if (!holderIsAlive()) rmSync(lockFile, { force: true });
    return false;
  }
}

function holderIsAlive() {
  try {
    const holder = Number(readFileSync(lockFile, 'utf8'));
    // Our own number is left over from before a container started again. No number: it is just being written.
    if (holder === process.pid) return false;
    if (holder) process.kill(holder, 0);
    return true;
  } catch (error) {
    // Neither a process of somebody else nor a lock that has just gone is a reason to remove anything.
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH';
  }
}
