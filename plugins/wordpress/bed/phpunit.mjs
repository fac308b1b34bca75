// @ts-check
import { main, ScriptError } from '../../../scripts/run.mjs';
import { runPhpunit } from './phpunit.ts';
import { prepareBed, whyMissing } from './prepare.mjs';

const usage = `Runs the plugin's PHPUnit tests inside a real WordPress.

Usage
  node plugins/wordpress/bed/phpunit.mjs                        all of them, on both versions
  node plugins/wordpress/bed/phpunit.mjs SyncTest               those of one class, or whatever else --filter takes
  node plugins/wordpress/bed/phpunit.mjs --core floor           on the oldest version (floor) or the current one (current)
  node plugins/wordpress/bed/phpunit.mjs --zip                  on dist/confab.zip instead of the sources

The exit code is 0 only when everything passed.`;

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  const chosen = args.includes('--core') ? args[args.indexOf('--core') + 1] : undefined;
  if (args.includes('--core') && chosen !== 'floor' && chosen !== 'current') {
    throw new ScriptError(`--core takes floor or current, not ${chosen ?? 'nothing'}.`);
  }
  const filter = args.find((arg, i) => !arg.startsWith('--') && args[i - 1] !== '--core');
  await prepareBed();
  let failed = false;
  for (const core of /** @type {const} */ (['floor', 'current'])) {
    if (chosen && chosen !== core) continue;
    const missing = whyMissing(core);
    if (missing) {
      console.warn(`SKIPPED: ${missing}`);
      continue;
    }
    const { version, tests, output } = await runPhpunit({
      core,
      filter,
      confab: args.includes('--zip') ? 'zip' : 'source',
    });
    const failures = tests.filter(test => test.failure);
    failed ||= failures.length > 0 || tests.length === 0;
    for (const { name, failure } of failures) console.log(`✗ ${name}\n${failure?.replace(/^/gm, '    ')}\n`);
    if (tests.length === 0) console.log(output);
    console.log(`WordPress ${version}: ${tests.length - failures.length} passed, ${failures.length} failed`);
  }
  return failed ? 1 : 0;
});
