// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nameOf } from './audit.mjs';
import { lockedFolders } from './complete-lockfile.mjs';
import { main, root, ScriptError } from './run.mjs';

const usage = `Checks that every package of the lockfiles has a licence that Confab can live with, being GPL-2.0-or-later.

Usage
  node scripts/licences.mjs          fails on every package whose licence is not allowed
  node scripts/licences.mjs --list   also says how many packages have which licence

What is allowed, what is allowed of code that reaches browsers and the WordPress zip, and the exceptions stand at the top
of scripts/licences.mjs.`;

/** Licences under which code may go into a work under the GPL, version 2: what reaches browsers and the WordPress zip. */
const WITH_GPL_2 = [
  ...['MIT', 'MIT-0', 'ISC', 'BSD', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'CC0-1.0', 'Unlicense', 'Public Domain'],
  ...['GPL-2.0-or-later', 'MPL-2.0', 'Apache-2.0 WITH LLVM-exception'],
];

/**
 * What the relay and our tools may use besides. Apache-2.0 goes with version 3 of the GPL only: whoever passes on the
 * relay together with its packages, as in an image, does so under version 3, which "or later" lets them.
 */
const WITH_GPL_3 = [...WITH_GPL_2, 'Apache-2.0', 'BlueOak-1.0.0', 'Python-2.0', 'Artistic-2.0', 'WTFPL'];

/** What is used all the same, with the licence that it states, and why. @type {Record<string, [stated: string, why: string]>} */
const EXCEPTIONS = {
  'caniuse-lite': ['CC-BY-4.0', 'a table of browsers that webpack looks into; none of it is passed on'],
  'spdx-exceptions': ['CC-BY-3.0', 'a table that a tool of the build looks into; none of it is passed on'],
  elkjs: ['EPL-2.0', 'Prisma Studio, which nothing of ours starts, draws diagrams by it'],
  sentry: [
    'FSL-1.1-Apache-2.0',
    'the command line of Sentry, which @sentry/node brings along and nothing of ours starts',
  ],
  'seq-queue': ['none', 'MIT by its LICENSE file; of a driver for MySQL that better-auth names and we do not load'],
  '@shopify/polaris-types': ['none', 'types of Shopify that its fake in e2e/ is checked with; none of it is passed on'],
};

/** Where the code is that reaches browsers, and whose packages it is built from. */
const SHIPPED = [
  { from: 'widget-core/src', in: '.' },
  { from: 'shared/console/src', in: '.' },
  { from: 'shared/console/src', in: 'plugins/wordpress' },
  { from: 'plugins/wordpress/src', in: 'plugins/wordpress' },
];

/**
 * Whether an expression of SPDX allows a use under these licences: of an OR one side is enough, of an AND both count.
 * @param {string} expression
 * @param {readonly string[]} allowed
 * @returns {boolean}
 */
export function isAllowed(expression, allowed) {
  const text = expression.trim().replace(/^\((.*)\)$/, '$1');
  const sides = text.split(/\s+OR\s+/i);
  if (sides.length > 1) return sides.some(side => isAllowed(side, allowed));
  return text.split(/\s+AND\s+/i).every(part => allowed.includes(part.trim()));
}

/**
 * @typedef {{ version?: string, link?: boolean, license?: string, optional?: boolean, os?: string[] }} Entry
 * @typedef {{ name: string, licence: string }} Licensed
 */

/**
 * The packages of a lockfile with their licences: as the lockfile has them, else as the installed package says. One of
 * another platform is not here to say; it is of the same source as its sister that is.
 * @param {string} folder
 * @param {Record<string, Entry>} packages
 * @returns {Licensed[]}
 */
function licensedIn(folder, packages) {
  return Object.entries(packages).flatMap(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link) return [];
    const licence = entry.license ?? statedIn(manifestAt(join(folder, path)));
    if (licence === undefined && entry.optional && entry.os) return [];
    return { name: nameOf(path), licence: licence ?? 'none' };
  });
}

/**
 * @typedef {{ license?: string | { type?: string }, licenses?: { type?: string }[],
 *   dependencies?: Record<string, string> }} Manifest
 * @param {Manifest | undefined} manifest
 */
function statedIn(manifest) {
  const stated = manifest?.license ?? manifest?.licenses?.[0];
  return typeof stated === 'string' ? stated : stated?.type;
}

/** @param {string} path @returns {Manifest | undefined} */
function manifestAt(path) {
  try {
    return JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * What is wrong with these packages.
 * @param {Licensed[]} packages
 * @param {readonly string[]} allowed
 * @param {Record<string, [string, string]>} [exceptions]
 */
export function licenceFaults(packages, allowed, exceptions = {}) {
  return packages
    .filter(({ name, licence }) => !isAllowed(licence, allowed) && exceptions[name]?.[0] !== licence)
    .map(({ name, licence }) => `${name}: ${licence}`);
}

/**
 * Every package that the sources import, and what these need: more than what a build takes, which leaves out what is not
 * reached, and what WordPress brings.
 * @param {{ from: string, in: string }} shipped
 * @returns {Licensed[]}
 */
export function shippedBy({ from, in: folder }) {
  /** @type {Map<string, Licensed>} */
  const found = new Map();
  /** @param {string} name @param {string} at */
  const add = (name, at) => {
    const path = pathOf(name, at);
    if (path === undefined) {
      found.set(name, { name, licence: `not installed in ${folder}` });
      return;
    }
    if (found.has(path)) return;
    const manifest = manifestAt(path);
    found.set(path, { name, licence: statedIn(manifest) ?? 'none' });
    for (const needed of Object.keys(manifest?.dependencies ?? {})) add(needed, path);
  };
  for (const name of importsIn(from)) add(name, folder);
  return [...found.values()];
}

/** Where Node finds a package from here, within the repository. @param {string} name @param {string} at */
function pathOf(name, at) {
  for (let folder = at; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (manifestAt(path)) return path;
    if (folder === '.') return undefined;
  }
}

/** @param {string} folder */
function importsIn(folder) {
  const names = new Set();
  for (const entry of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(entry) || /\.(test|spec)\.tsx?$/.test(entry)) continue;
    const text = readFileSync(join(root, folder, entry), 'utf8');
    for (const [, name = ''] of text.matchAll(/(?:\bfrom|\bimport\(?)\s*'(@?[a-z][\w./-]*)'/g)) {
      const [first = '', second = ''] = name.split('/');
      const package_ = first.startsWith('@') ? `${first}/${second}` : first;
      if (first !== '@confab' && !name.startsWith('node:')) names.add(package_);
    }
  }
  return names;
}

/** @param {{ lists: boolean }} how */
function check({ lists }) {
  const all = lockedFolders.flatMap(folder =>
    licensedIn(folder, JSON.parse(readFileSync(join(root, folder, 'package-lock.json'), 'utf8')).packages),
  );
  const faults = licenceFaults(all, WITH_GPL_3, EXCEPTIONS);
  for (const name of Object.keys(EXCEPTIONS)) {
    if (!all.some(each => each.name === name)) faults.push(`${name}: is an exception, and is not there any more`);
  }
  console.log(`${all.length} packages, ${Object.keys(EXCEPTIONS).length} exceptions`);
  for (const shipped of SHIPPED) {
    const packages = shippedBy(shipped);
    console.log(`${shipped.from} with the packages of ${shipped.in}: ${packages.length} may reach browsers`);
    faults.push(...licenceFaults(packages, WITH_GPL_2).map(fault => `${shipped.from} takes along ${fault}`));
  }
  if (lists) console.table(countsOf(all));
  for (const fault of faults) console.error(`  ${fault}`);
  return faults.length > 0 ? 1 : 0;
}

/** @param {Licensed[]} packages */
function countsOf(packages) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { licence } of packages) counts[licence] = (counts[licence] ?? 0) + 1;
  return counts;
}

if (process.argv[1] === import.meta.filename) {
  main(async () => {
    const args = process.argv.slice(2);
    if (args.includes('--help')) {
      console.log(usage);
      return 0;
    }
    const unknown = args.find(arg => arg !== '--list');
    if (unknown) throw new ScriptError(`licences takes no "${unknown}"; see --help`);
    return check({ lists: args.includes('--list') });
  });
}
