// @ts-check
import { main, ScriptError } from './run.mjs';
import { buildWordpress } from './wordpress.mjs';

const usage = `Builds the WordPress plugin into dist/confab.zip: installs what is missing, then the widget, the admin
screens, the languages and the zip. The first time takes some minutes, since the tools of WordPress are large.

Usage
  npm run build:wordpress`;

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  if (args.length > 0) throw new ScriptError(`npm run build:wordpress takes no "${args[0]}"; see --help`);
  await buildWordpress();
  return 0;
});
