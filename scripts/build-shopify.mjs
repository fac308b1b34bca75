// @ts-check
import { ensureInstalled } from './install.mjs';
import { prepare } from './prepare.mjs';
import { main, ScriptError } from './run.mjs';
import { fillThemeExtension, themeExtension } from './theme-extension.mjs';

const usage = `Builds the widget into the theme app extension of the Shopify app, ready for \`shopify app deploy\` in plugins/shopify.
Installs what is missing first.

Usage
  npm run build:shopify`;

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  if (args.length > 0) throw new ScriptError(`npm run build:shopify takes no "${args[0]}"; see --help`);
  await ensureInstalled();
  await prepare();
  fillThemeExtension();
  console.log(`The theme app extension is whole: ${themeExtension}`);
  return 0;
});
