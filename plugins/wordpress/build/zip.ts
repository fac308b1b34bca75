import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { languageFiles } from './languages.ts';
import { stamped } from './stamp.ts';

const here = join(import.meta.dirname, '..');
const root = join(here, '../..');

/** The plugin as it is installed: the path of each file inside the folder `confab`, and its bytes. */
export type PluginFiles = Map<string, Uint8Array>;

/**
 * The zip that a site owner installs. The same sources give the same bytes: the files are in order and carry no time.
 */
export function zipOf(): { bytes: Uint8Array; version: string; files: number } {
  const version: string = JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8')).version;
  const files = pluginFiles(version);
  const entries: Zippable = {};
  for (const [path, bytes] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
    // fflate reads the local time: this is the first moment a zip can hold, in every zone.
    entries[`confab/${path}`] = [bytes, { mtime: new Date(1980, 0, 1), level: 9 }];
  }
  return { bytes: zipSync(entries), version, files: files.size };
}

function pluginFiles(version: string): PluginFiles {
  const files: PluginFiles = new Map();
  const add = (folder: string, into: string, isWanted: (path: string) => boolean) => {
    for (const path of filesIn(folder).filter(isWanted)) {
      files.set(into + path, stamped(into + path, readFileSync(join(folder, path)), version));
    }
  };
  add(join(here, 'plugin'), '', path => !path.endsWith('.po'));
  // wp-scripts turns every stylesheet round. DataViews brings one of its own for each direction, and what comes with the
  // lists is written for both.
  add(
    join(here, 'dist/admin'),
    'admin/',
    path => /\.(js|css|asset\.php)$/.test(path) && !/^(lists|dataviews-(ltr|rtl))-rtl\.css$/.test(path),
  );
  add(join(root, 'widget-core/dist'), 'widget/', path => /^[^/]+\.js$/.test(path));
  for (const [name, bytes] of languageFiles()) files.set(`languages/${name}`, bytes);
  return files;
}

/** The files of a folder and those below it, by their paths from it; hidden ones are nobody's business. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) throw new Error(`${relative(root, folder)} is missing: run npm run build:wordpress`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}
