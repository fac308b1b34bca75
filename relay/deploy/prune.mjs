// @ts-check
// Leaves of node_modules only what the relay's own dependencies ask for. "npm ci --omit=dev" keeps what any of them names as
// an optional peer, if one of our development packages brings it: test runners, bundlers, compilers. For the image only.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @typedef {{ dependencies?: Record<string, string>, optionalDependencies?: Record<string, string>, peerDependencies?: Record<string, string>, peerDependenciesMeta?: Record<string, { optional?: boolean }>, link?: boolean, resolved?: string }} Package */

/** @type {Record<string, Package>} */
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
/** @type {Set<string>} */
const wanted = new Set();

/** Where Node finds a package for whoever stands at `from`. @param {string} from @param {string} name */
function placeOf(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = folder === '.' || folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[place]) return place;
    if (folder === '.' || folder === '') return undefined;
  }
}

/** @param {string} place */
function want(place) {
  if (wanted.has(place)) return;
  wanted.add(place);
  const found = packages[place];
  if (!found) return;
  if (found.link && found.resolved) return want(found.resolved);
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = found;
  const peers = Object.keys(peerDependencies).filter(name => !peerDependenciesMeta[name]?.optional);
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
    const its = placeOf(place, name);
    if (its) want(its);
  }
}
want('relay');

for (const place of Object.keys(packages)) {
  if (/(^|\/)node_modules\//.test(place) && !wanted.has(place)) rmSync(place, { recursive: true, force: true });
}
rmSync('node_modules/.bin', { recursive: true, force: true });
rmSync('node_modules/.package-lock.json', { force: true });
// Prisma brings the compilers of every database that it knows.
const runtime = 'node_modules/@prisma/client/runtime';
if (existsSync(runtime)) {
  for (const file of readdirSync(runtime)) {
    if (/(mysql|sqlite|sqlserver|cockroachdb)/.test(file)) rmSync(join(runtime, file));
  }
}
