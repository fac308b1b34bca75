// @ts-check
// What the scripts share. Runs on Node 20 without any package, since it runs before there are packages.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const windows = process.platform === 'win32';

/** The folder of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Node 24 as npm installed it; the machine's own may be older. */
export const node24 = join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node');

/** A failure we expected: it is told in one line, without a stack. */
export class ScriptError extends Error {}

/** The environment for tools: our own binaries and our Node first, and nothing that stays behind or calls home. */
export const toolEnv = () => ({
  ...process.env,
  PATH: join(root, 'node_modules/.bin') + delimiter + process.env.PATH,
  NX_DAEMON: 'false',
  CHECKPOINT_DISABLE: '1',
  ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
  // Prisma downloads an engine that we never use, unless it is told that there is one. Any existing file will do.
  PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? join(root, 'package.json'),
});

/** 128 + the signal's number, as shells have it. @param {NodeJS.Signals} signal */
export const exitCodeOf = signal => 128 + constants.signals[signal];

/**
 * Lets a child have the signals we get, each once: npm repeats a Ctrl-C that the terminal has already sent to us.
 * @param {import('node:child_process').ChildProcess} child
 * @param {(signal: NodeJS.Signals) => void} [told]
 */
export function forwardSignals(child, told) {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const lastAt = new Map();
  /** @param {NodeJS.Signals} signal */
  const forward = signal => {
    const repeated = Date.now() - (lastAt.get(signal) ?? 0) < 1000;
    lastAt.set(signal, Date.now());
    if (repeated) return;
    child.kill(signal);
    told?.(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  child.once('exit', () => {
    for (const signal of signals) process.off(signal, forward);
  });
}

/**
 * Runs a command to its end and resolves with its exit code. With a label, its output is kept back and a line every
 * five seconds says that it is still at it; without one, the output is shown as it comes.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, label?: string }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function run(command, args, { cwd = root, env = {}, label } = {}) {
  /** @type {import('node:child_process').StdioOptions} */
  const stdio = label ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  /** @type {import('node:child_process').ChildProcess} */
  const child = spawn(command, args, { cwd, env: { ...toolEnv(), ...env }, stdio, shell: windows });
  /** @type {NodeJS.Signals | undefined} */
  let interrupted;
  forwardSignals(child, signal => {
    interrupted = signal;
  });
  const stopProgress = label ? showProgress(label) : () => {};
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', piece => (output += piece));

  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve(exitCode ?? exitCodeOf(signal ?? 'SIGKILL')));
  }).catch(error => {
    output += error.message;
    return 127;
  });
  // Whoever stopped us wants no next step.
  if (interrupted) process.exit(exitCodeOf(interrupted));
  stopProgress(code === 0);
  return { code, output };
}

/**
 * Becomes Node 24 where Node can (22.15 and later): no process of ours stays between whoever stops it and the program.
 * @param {string[]} args of node
 * @returns {Promise<number>} the program's exit code
 */
export function becomeNode24(args) {
  if (process.execve) process.execve(node24, [node24, ...args], process.env);
  const child = spawn(node24, args, { cwd: root, stdio: 'inherit' });
  forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? exitCodeOf(signal ?? 'SIGKILL')));
  });
}

/** @param {string} label */
function showProgress(label) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  console.log(`· ${label} …`);
  const timer = setInterval(() => console.log(`  still at it after ${seconds()} s: ${label}`), 5000);
  return (/** @type {boolean} */ succeeded) => {
    clearInterval(timer);
    console.log(`${succeeded ? '✓' : '✗'} ${label} (${seconds()} s)`);
  };
}

/**
 * Runs a script and ends the process with the code it returns; expected failures become one line.
 * @param {() => Promise<number>} script
 */
export async function main(script) {
  try {
    process.exitCode = await script();
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
