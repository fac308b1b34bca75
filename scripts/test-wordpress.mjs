// @ts-check
import { prepareBed } from '../plugins/wordpress/bed/prepare.mjs';
import { tell } from './checks.mjs';
import { ensureChromium } from './chromium.mjs';
import { main, ScriptError } from './run.mjs';
import { buildWordpress } from './wordpress.mjs';
import { testWordpress } from './wordpress-tests.mjs';

const usage = `Checks the WordPress plugin: builds dist/confab.zip, fetches the oldest WordPress that we support and the
current one, and tests that very zip on both: PHPUnit inside of them, and a browser in front of them.

Usage
  npm run test:wordpress                       all of it; the first time takes some minutes more
  npm run test:wordpress -- connect            the test files whose path holds "connect"
  npm run test:wordpress -- --prepare          only builds and fetches
  node plugins/wordpress/bed/phpunit.mjs       PHPUnit on the sources as they are: the quick loop

Where the current WordPress cannot be had, its tests are skipped, and the output says so. The last line is
"N passed, N failed, N skipped". Variables: CHROMIUM_PATH (the browser to drive).`;

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  const unknown = args.find(arg => arg.startsWith('-') && arg !== '--prepare');
  if (unknown)
    throw new ScriptError(`npm run test:wordpress takes no "${unknown}"; see npm run test:wordpress -- --help`);
  await prepareBed();
  await buildWordpress();
  if (args.includes('--prepare')) return 0;
  const env = { CHROMIUM_PATH: await ensureChromium() };
  return tell(await testWordpress({ output: '' }, env, args), { passed: 0, failed: 0, skipped: 0 });
});
