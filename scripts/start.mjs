// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { prepare } from './prepare.mjs';
import { becomeNode24, main, root, ScriptError } from './run.mjs';

const usage = `Starts the Confab relay: installs and builds what is missing, then serves until it is stopped.

Usage
  npm start                                    on its embedded database, in the folder .data
  PORT=8080 npm start                          on another port
  DATABASE_URL=postgresql://… npm start        on your PostgreSQL
  OPENAI_API_KEY=… npm start                   with a real model

Variables come from the environment or from a file .env; the environment wins. The usual ones:
  PORT, HOST           where to listen
  DATABASE_URL         PostgreSQL to use instead of the embedded one
  CONFAB_DATA_DIR      where the embedded database and other files live
All of them, each explained, are in .env.example.

Stop it with Ctrl-C or SIGTERM: it finishes the answers it is giving and exits.`;

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  if (args.length > 0) throw new ScriptError(`npm start takes no "${args[0]}"; see npm start -- --help`);
  process.chdir(root);
  await ensureInstalled();
  await prepare();
  const envFile = join(root, '.env');
  return becomeNode24([...(existsSync(envFile) ? [`--env-file=${envFile}`] : []), join(root, 'relay/src/main.ts')]);
});
