// @ts-check
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/** The theme app extension of the Shopify app, from the root. */
export const themeExtension = 'plugins/shopify/extensions/confab-chat';

/** Puts the built widget, and nothing else, into the assets of the theme app extension. */
export function fillThemeExtension() {
  const built = join(root, 'widget-core/dist/shopify');
  const assets = join(root, themeExtension, 'assets');
  const half = join(root, 'plugins/shopify/dist');
  const files = readdirSync(built).filter(name => name.endsWith('.js'));
  for (const folder of [assets, half]) mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(assets)) if (!files.includes(name)) rmSync(join(assets, name), { recursive: true });
  for (const name of files) {
    // Whole at once, since a test may read it meanwhile.
    const copy = join(half, `${name}.${process.pid}`);
    copyFileSync(join(built, name), copy);
    renameSync(copy, join(assets, name));
  }
}
