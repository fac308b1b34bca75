// @ts-check
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** With this exit code a check says that it could not be made, as tests do everywhere since Automake. */
export const SKIPPED = 77;

/** @param {...Counts} parts @returns {Counts} */
export const add = (...parts) =>
  parts.reduce(
    (one, other) => ({
      passed: one.passed + other.passed,
      failed: one.failed + other.failed,
      skipped: one.skipped + other.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );

/**
 * Runs a command that counts as one check: passed, failed, or skipped.
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<Counts>}
 */
export async function check(title, command, args, options) {
  console.log(`\n── ${title} ──`);
  const { code } = await run(command, args, options);
  const isSkipped = code === SKIPPED;
  return { passed: code === 0 ? 1 : 0, failed: code === 0 || isSkipped ? 0 : 1, skipped: isSkipped ? 1 : 0 };
}

/**
 * Runs one of Vitest's projects.
 * @param {string} project
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} [filters]
 * @returns {Promise<Counts>}
 */
export async function tests(project, env, filters = []) {
  console.log(`\n── ${project} tests ──`);
  const folder = mkdtempSync(join(tmpdir(), 'confab-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['run', '--project', project, '--passWithNoTests', ...reporters, ...filters];
  const { code } = await run('vitest', args, { env });
  const counts = countsOf(report);
  rmSync(folder, { recursive: true, force: true });
  // A run that broke off, or a file that does not load, fails without a failed test.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** @param {string} report @returns {Counts} */
function countsOf(report) {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8'));
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: json.numPendingTests + json.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

/**
 * Says in the last line what came of it all.
 * @param {Counts} total
 * @param {Counts} checks the part of it that is no tests
 * @returns {number} the exit code
 */
export function tell(total, checks) {
  const ran = total.passed + total.failed > checks.passed + checks.failed;
  if (!ran) console.log('\nNo test ran at all, which is a failure.');
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return ran && total.failed === 0 ? 0 : 1;
}
