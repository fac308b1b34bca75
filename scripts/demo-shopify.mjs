// @ts-check
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { prepare } from './prepare.mjs';
import { becomeNode24, main, root } from './run.mjs';
import { prepareShopify } from './shopify.mjs';

const usage = `Starts a relay, a stand-in for Shopify, and a little shop in it that has Confab, and says where they are.
Installs, fetches and builds what is missing. Nothing of it needs an account at Shopify.

Usage
  npm run demo:shopify                    wherever there is a free port
  npm run demo:shopify -- --port 8080     the shop at this port

The admin has Shopify's frame and menu, but looks plainer than the real one. Stop it with Ctrl-C: all that it holds goes.
Variables: those of the relay, such as OPENAI_API_KEY; without any, it quotes the pages.`;

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  await ensureInstalled();
  await prepare();
  await prepareShopify();
  return becomeNode24([join(root, 'e2e/shopify-demo.ts'), ...args]);
});
