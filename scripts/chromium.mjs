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
  if (process.getuid?.() === 0 && find(['apt-get'])) await installChromium();
  const installed = findChromium();
  if (installed) return installed;
  throw new ScriptError(
    'The browser tests need Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH to a Chrome.',
  );
}

const findChromium = () =>
  process.env.CHROMIUM_PATH ? executable(process.env.CHROMIUM_PATH) : (executable('/usr/bin/chromium') ?? find(names));

/** @param {string[]} programs */
function find(programs) {
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

async function installChromium() {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env, label: 'Reading what Debian offers' });
  const { code, output } = await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
    env,
    label: "Installing Debian's Chromium",
  });
  if (code !== 0) throw new ScriptError(`${output.trim().split('\n').slice(-5).join('\n')}\nChromium did not install.`);
}
