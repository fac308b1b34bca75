// @ts-check
import { ensureInstalled, ensureInstalledIn } from './install.mjs';
import { derive, prepare } from './prepare.mjs';
import { run, ScriptError } from './run.mjs';

const plugin = 'plugins/wordpress';

/** Where `npm run build:wordpress` leaves the plugin, from the root. */
export const wordpressZip = 'dist/confab.zip';

/** Makes the zip of the WordPress plugin out of the sources as they are: installs and builds what that needs. */
export async function buildWordpress() {
  await ensureInstalled();
  await ensureInstalledIn(plugin);
  await prepare();
  await derive({
    label: 'Building the admin screens of the WordPress plugin',
    inputs: [
      `${plugin}/src`,
      `${plugin}/webpack.config.cjs`,
      `${plugin}/package-lock.json`,
      'shared/contract/src/settings-fields.ts',
      'shared/console/src',
    ],
    output: `${plugin}/dist/admin`,
    command: ['npm', 'run', '--silent', 'build:admin'],
    cwd: plugin,
  });
  const { code } = await run('node', [`${plugin}/build/main.ts`, wordpressZip]);
  if (code !== 0) throw new ScriptError('The zip of the WordPress plugin was not made.');
}
