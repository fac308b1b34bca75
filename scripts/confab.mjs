// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { prepareCommands } from './prepare.mjs';
import { becomeNode24, main, root } from './run.mjs';

main(async () => {
  await ensureInstalled();
  await prepareCommands();
  const envFile = join(root, '.env');
  return becomeNode24([
    ...(existsSync(envFile) ? [`--env-file=${envFile}`] : []),
    join(root, 'relay/src/cli/main.ts'),
    ...process.argv.slice(2),
  ]);
});
