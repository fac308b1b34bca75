// @ts-check
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { prepare } from './prepare.mjs';
import { main, root, run, ScriptError } from './run.mjs';

const usage = `Runs integration tests on databases that all begin as a restored backup of a PostgreSQL.

Usage
  npm run test:restored -- BACKUP.json [FILTER…]

The backup is restored into a PostgreSQL of the tests' own; CONFAB_SECRET_KEY must hold the keys that it needs. Each test gets a
copy of it. Without a filter these are the tests of what visitors are promised: consent, no trace of who declined, erasure,
retention, leads, the consent log.`;

/** The tests of promises to visitors. */
const PROMISES = ['consent', 'no-trace', 'erasure', 'retention', 'purge', 'leads', 'privacy'];

main(async () => {
  const [file, ...filters] = process.argv.slice(2);
  if (file === undefined || file === '--help' || file === '-h') {
    console.log(usage);
    return file === undefined ? 2 : 0;
  }
  if (!existsSync(file)) throw new ScriptError(`There is no file ${file}. Name the .json of a backup.`);
  await ensureInstalled();
  await prepare();
  const args = ['run', '--project', 'integration', ...(filters.length > 0 ? filters : PROMISES)];
  const { code } = await run('vitest', args, { cwd: root, env: { CONFAB_TEST_BACKUP: resolve(file) } });
  return code;
});
