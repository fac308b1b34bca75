// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onceAtATime } from './one-at-a-time.mjs';
import { node24, root, run, ScriptError } from './run.mjs';

/** Runs `npm ci` when node_modules is missing or holds something else than package-lock.json says. */
export async function ensureInstalled() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new ScriptError(`Confab needs Node 20 or newer to start; this is ${process.version}. See https://nodejs.org`);
  }
  await onceAtATime(isInstalled, install);
}

/** The same for a folder with packages and a lockfile of its own, which is not one of the workspaces. @param {string} folder */
export async function ensureInstalledIn(folder) {
  await onceAtATime(
    () => hasWhatIsWanted(folder),
    () => npmCi(folder, `Installing the packages of ${folder}, which takes some minutes`),
  );
}

/**
 * npm keeps in node_modules/.package-lock.json what it has installed, and writes it last. Comparing it with the lockfile
 * takes milliseconds and also sees what somebody installed by hand or interrupted.
 */
export function isInstalled() {
  return existsSync(node24) && hasWhatIsWanted('.');
}

/** @param {string} folder */
function hasWhatIsWanted(folder) {
  const installed = packagesOf(join(folder, 'node_modules/.package-lock.json'));
  const wanted = packagesOf(join(folder, 'package-lock.json'));
  if (!installed || !wanted) return false;
  return (
    Object.entries(wanted).every(([path, entry]) => path === '' || entry.optional || path in installed) &&
    Object.entries(installed).every(([path, entry]) => wanted[path]?.version === entry.version && fits(entry))
  );
}

/** @param {Package} entry */
const fits = ({ os, cpu }) => (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);

/**
 * @typedef {{ version?: string, optional?: boolean, os?: string[], cpu?: string[] }} Package
 * @param {string} file
 * @returns {Record<string, Package> | undefined}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

async function install() {
  await npmCi('.', 'Installing packages, which takes about a minute');
  if (!existsSync(node24)) {
    throw new ScriptError(
      'npm ci did not bring Node 24: its install script did not run. Is ignore-scripts set in npm?',
    );
  }
}

/** @param {string} folder @param {string} label */
async function npmCi(folder, label) {
  const [command, ...args] = npmCommand();
  const { code, output } = await run(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: join(root, folder),
    label,
  });
  if (code !== 0) throw new ScriptError(whyNpmFailed(output));
}

/** The npm we were started by, else the one on the PATH. @returns {[string, ...string[]]} */
export function npmCommand() {
  const npm = process.env.npm_execpath;
  return npm?.endsWith('npm-cli.js') ? [process.execPath, npm] : ['npm'];
}

/** @param {string} output */
function whyNpmFailed(output) {
  if (/E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH)|ERR_SOCKET_TIMEOUT/.test(output)) {
    return 'npm ci could not reach the npm registry. Check the network, and the address that `npm config get registry` prints.';
  }
  if (output.includes('ENOSPC'))
    return 'npm ci failed: the disk is full. Confab needs about 1.2 GB, and its WordPress plugin 0.8 GB.';
  const lines = output
    .split('\n')
    .filter(line => line.startsWith('npm error') && !/Usage|Options:|^npm error$/.test(line));
  return `npm ci failed:\n${lines.slice(0, 12).join('\n') || output.trim()}`;
}
