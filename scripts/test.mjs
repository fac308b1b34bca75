// @ts-check
import { add, check, tell, tests } from './checks.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled } from './install.mjs';
import { prepare } from './prepare.mjs';
import { ensureRedis } from './redis.mjs';
import { main, ScriptError } from './run.mjs';
import { prepareShopify } from './shopify.mjs';
import { prepareInBackground, testWordpress } from './wordpress-tests.mjs';

const usage = `Checks everything: types, lint, packages (known holes, licences), secrets in files, and the tests (unit,
integration, browser, WordPress). About thirty minutes on two cores.

Usage
  npm test                                     all of it
  npm run test:unit                            the quick loop: unit tests only
  npm run test:wordpress                       the WordPress plugin only
  npx vitest run --project integration         one of the projects unit, integration, browser
  npx vitest relay/src/features/consent        what matches a path, again whenever a file changes

The last line is "N passed, N failed, N skipped"; each of the other checks counts as one. The exit code is 0 only when
nothing failed. Variables: CHROMIUM_PATH (the browser to drive).`;

/** @returns {Promise<import('./checks.mjs').Counts>} */
async function prepared() {
  try {
    await prepare();
    await prepareShopify();
    return { passed: 0, failed: 0, skipped: 0 };
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.error(error.message);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** A failed step does not keep the next from running, so that one run tells all. */
async function testAll() {
  await ensureInstalled();
  const env = { CHROMIUM_PATH: await ensureChromium() };
  await ensureRedis();
  let checks = await prepared();
  // Its tools are large and its WordPress is far away: both are fetched while the rest is tested.
  const wordpress = prepareInBackground();
  checks = add(checks, await check('types', 'npm', ['run', '--silent', 'types']));
  checks = add(checks, await check('lint', 'npm', ['run', '--silent', 'lint']));
  checks = add(checks, await check('known holes of packages', 'node', ['scripts/audit.mjs']));
  checks = add(checks, await check('secrets in files', 'node', ['scripts/secrets.mjs']));
  let total = checks;
  for (const project of ['unit', 'integration', 'browser']) total = add(total, await tests(project, env));
  const plugin = await wordpress;
  // It looks into the plugin's packages, too.
  const licences = await check('licences of packages', 'node', ['scripts/licences.mjs']);
  checks = add(checks, licences);
  total = add(add(total, licences), await testWordpress(plugin, env));
  return tell(total, checks);
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
