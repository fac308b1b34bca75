// @ts-check
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled } from './install.mjs';
import { prepare } from './prepare.mjs';
import { main, run, ScriptError } from './run.mjs';

const usage = `Checks everything: types, lint, and the tests (unit, integration, browser). About ten minutes on two cores.

Usage
  npm test                                     all of it
  npm run test:unit                            the quick loop: unit tests only
  npx vitest run --project integration         one of the projects unit, integration, browser
  npx vitest relay/src/features/consent        what matches a path, again whenever a file changes

The last line is "N passed, N failed, N skipped"; types and lint count as one check each. The exit code is 0 only when
nothing failed. Variables: CHROMIUM_PATH (the browser to drive).`;

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {string} title @param {string} command @param {string[]} args @returns {Promise<Counts>} */
async function check(title, command, args) {
  console.log(`\n── ${title} ──`);
  const { code } = await run(command, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** @param {string} project @param {NodeJS.ProcessEnv} env @returns {Promise<Counts>} */
async function tests(project, env) {
  console.log(`\n── ${project} tests ──`);
  const folder = mkdtempSync(join(tmpdir(), 'confab-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run('vitest', ['run', '--project', project, '--passWithNoTests', ...reporters], { env });
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

/** @returns {Promise<Counts>} */
async function prepared() {
  try {
    await prepare();
    return { passed: 0, failed: 0, skipped: 0 };
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.error(error.message);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** @param {Counts} one @param {Counts} other @returns {Counts} */
const add = (one, other) => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  skipped: one.skipped + other.skipped,
});

/** A failed step does not keep the next from running, so that one run tells all. */
async function testAll() {
  await ensureInstalled();
  const env = { CHROMIUM_PATH: await ensureChromium() };
  let total = await prepared();
  total = add(total, await check('types', 'npm', ['run', '--silent', 'types']));
  total = add(total, await check('lint', 'npm', ['run', '--silent', 'lint']));
  const checks = total;
  for (const project of ['unit', 'integration', 'browser']) total = add(total, await tests(project, env));

  const ran = total.passed + total.failed > checks.passed + checks.failed;
  if (!ran) console.log('\nNo test ran at all, which is a failure.');
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return ran && total.failed === 0 ? 0 : 1;
}

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  if (args.length > 0) throw new ScriptError(`npm test takes no "${args[0]}"; see npm test -- --help`);
  return testAll();
});
