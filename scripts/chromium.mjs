// @ts-check
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, ScriptError } from './run.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The Chromium that the browser tests drive: CHROMIUM_PATH, else the machine's, else Debian's, installed when we may. */
export async function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  if (process.env.CHROMIUM_PATH)
    throw new ScriptError(`CHROMIUM_PATH is ${process.env.CHROMIUM_PATH}, but no program is there.`);
  await installFromDebian('chromium', "Installing Debian's Chromium");
  const installed = findChromium();
  if (installed) return installed;
  throw new ScriptError(
    'The browser tests need Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH to a Chrome.',
  );
}

const findChromium = () =>
  process.env.CHROMIUM_PATH ? executable(process.env.CHROMIUM_PATH) : (executable('/usr/bin/chromium') ?? find(names));

/**
 * The first of the programs that is on the PATH.
 * @param {string[]} programs
 */
export function find(programs) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return programs.flatMap(name => folders.map(folder => executable(join(folder, name)))).find(Boolean);
}

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

/**
 * Installs a package of Debian's, where we may; does nothing elsewhere.
 * @param {string} name
 * @param {string} label
 */
export async function installFromDebian(name, label) {
  if (process.getuid?.() !== 0 || !find(['apt-get'])) return;
  // A server that a package brings is not started on the machine: tests start one of their own.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await run('apt-get', ['update'], { env, label: 'Reading what Debian offers' });
  const { code, output } = await run('apt-get', ['install', '-y', '--no-install-recommends', name], { env, label });
  if (code !== 0) throw new ScriptError(`${output.trim().split('\n').slice(-5).join('\n')}\n${name} did not install.`);
}
