// @ts-check
import { join } from 'node:path';
import { prepareBed } from '../plugins/wordpress/bed/prepare.mjs';
import { becomeNode24, main, root } from './run.mjs';
import { buildWordpress } from './wordpress.mjs';

const usage = `Starts a WordPress with Confab in it, connected to a relay, and says where it is and how to log in. Installs,
fetches and builds what is missing, which takes some minutes the first time.

Usage
  npm run demo:wordpress                                             with a relay of its own
  npm run demo:wordpress -- --relay http://127.0.0.1:8787 --email … --password …
                                                                     with the relay that runs there, as this user of it
  npm run demo:wordpress -- --core floor                             on the oldest WordPress that we support
  npm run demo:wordpress -- --port 8080                              at this port

Stop it with Ctrl-C: the WordPress goes, and so does a relay of its own, with all that they hold. Variables: those of the
relay, such as OPENAI_API_KEY; without any, it quotes the pages.`;

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  await prepareBed();
  await buildWordpress();
  return becomeNode24([join(root, 'plugins/wordpress/bed/demo.ts'), ...args]);
});
