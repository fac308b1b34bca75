// @ts-check
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { add, check, tests } from './checks.mjs';
import { forwardSignals, root, toolEnv } from './run.mjs';

/** @typedef {{ failure?: string, output: string }} Prepared how the preparation went, and what it said */

/**
 * Builds the plugin and fetches what its tests run on, beside whatever else is done. In a process of its own, since
 * that is what the lock of the preparation goes by; what it says is kept for when somebody waits for it.
 * @returns {Promise<Prepared>}
 */
export async function prepareInBackground() {
  const args = [join(root, 'scripts/test-wordpress.mjs'), '--prepare'];
  const child = spawn(process.execPath, args, { cwd: root, env: toolEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
  forwardSignals(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (output += piece));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { output, ...(code === 0 ? {} : { failure: 'The tests of the WordPress plugin could not be prepared.' }) };
}

/**
 * The checks and tests of the plugin, once everything is prepared.
 * @param {Prepared} prepared
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} [filters]
 */
export async function testWordpress({ failure, output }, env, filters) {
  console.log(`\n── WordPress ──\n${output.trim()}`);
  if (failure) {
    console.error(failure);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const types = await check('types of the plugin', 'npm', ['run', '--silent', 'types'], {
    cwd: join(root, 'plugins/wordpress'),
  });
  return add(types, await tests('wordpress', env, filters));
}
