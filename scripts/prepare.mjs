// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onceAtATime } from './one-at-a-time.mjs';
import { root, run, ScriptError } from './run.mjs';

/** What is made from the sources before the relay can serve: database client, widget and console. Quick when it is there. */
export async function prepare() {
  await prepareCommands();
  await derive({
    label: 'Building the console',
    inputs: ['shared/console', 'shared/contract/src', 'package-lock.json'],
    output: 'shared/console/dist',
    command: ['npm', 'run', '--silent', 'build'],
    cwd: 'shared/console',
  });
}

/** What the operator's commands need of that: they show nobody a console. */
export async function prepareCommands() {
  await derive({
    label: 'Generating the database client',
    inputs: ['relay/prisma/schema.prisma', 'relay/prisma.config.ts', 'node_modules/prisma/package.json'],
    output: 'relay/src/db/generated',
    command: ['prisma', 'generate'],
    cwd: 'relay',
  });
  await derive({
    label: 'Building the widget',
    inputs: ['widget-core', 'shared/contract/src', 'package-lock.json'],
    output: 'widget-core/dist',
    command: ['npm', 'run', '--silent', 'build'],
    cwd: 'widget-core',
  });
}

/**
 * Makes a folder from other files again when one of them has changed. What it was made from is noted in the folder
 * itself, so the note goes when the folder is emptied.
 * @param {{ label: string, inputs: string[], output: string, command: [string, ...string[]], cwd: string }} derivation
 */
export async function derive({ label, inputs, output, command: [command, ...args], cwd }) {
  const note = join(root, output, '.made-from');
  const fingerprint = fingerprintOf(inputs);
  const isDone = () => existsSync(note) && readFileSync(note, 'utf8') === fingerprint;
  await onceAtATime(isDone, async () => {
    const result = await run(command, args, { cwd: join(root, cwd), label });
    if (result.code !== 0) throw new ScriptError(`${result.output.trim()}\n${label} failed.`);
    if (!existsSync(join(root, output))) throw new ScriptError(`${label} left nothing in ${output}.`);
    writeFileSync(note, fingerprint);
  });
}

/** @param {string[]} paths files and folders, from the root */
export function fingerprintOf(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesIn).sort()) {
    hash.update(`${file}\0`);
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/**
 * Leaves out what is made (dist, node_modules) and what a build does not read (tests).
 * @param {string} path
 * @returns {string[]}
 */
function filesIn(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  try {
    return readdirSync(full, { withFileTypes: true })
      .filter(entry => !['dist', 'node_modules', 'test'].includes(entry.name) && !/\.(test|spec)\.ts$/.test(entry.name))
      .flatMap(entry => filesIn(`${path}/${entry.name}`));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') return [path];
    throw error;
  }
}
