// @ts-check
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

// A registry that does not carry the packages of other platforms (esbuild for Android, say) makes npm leave them out of
// the lockfile, and then `npm ci` refuses the lockfile as incomplete. Run this after `npm install` to add them back:
// versions are known, since the packages that want them name them exactly; where they fit is in their names.

/** @typedef {{ version?: string, dev?: boolean, optional?: boolean, optionalDependencies?: Record<string, string> }} Entry */

/**
 * The optional packages that the lockfile asks for and does not list: their paths and entries.
 * @param {Record<string, Entry>} packages
 */
export function missingPackages(packages) {
  const paths = Object.keys(packages);
  return Object.entries(packages).flatMap(([path, { dev, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !paths.some(listed => listed.endsWith(`node_modules/${name}`)))
      .map(([name, version]) => ({
        path: `${path.slice(0, path.lastIndexOf('node_modules/'))}node_modules/${name}`,
        entry: { version, ...fitOf(name), ...(dev && { dev }), optional: true },
      })),
  );
}

/** @param {string} name such as @biomejs/cli-linux-arm64-musl */
function fitOf(name) {
  const os = /android|darwin|linux|win32|windows|freebsd|netbsd|openbsd|openharmony|sunos|aix/.exec(name)?.[0];
  const cpu = /arm64|aarch64|arm|x64|ia32|ppc64|s390x|riscv64|loong64|mips64el|wasm32/.exec(name)?.[0];
  return {
    ...(cpu && { cpu: [cpu === 'aarch64' ? 'arm64' : cpu] }),
    ...(os && { os: [os === 'windows' ? 'win32' : os] }),
    ...(name.includes('musl') && { libc: ['musl'] }),
  };
}

/** The folders with a lockfile of their own. */
export const lockedFolders = ['.', 'plugins/wordpress'];

if (import.meta.filename === process.argv[1]) {
  for (const folder of lockedFolders) {
    const file = join(root, folder, 'package-lock.json');
    const text = readFileSync(file, 'utf8');
    const lockfile = JSON.parse(text);
    const missing = missingPackages(lockfile.packages);
    for (const { path, entry } of missing) lockfile.packages[path] = entry;
    lockfile.packages = Object.fromEntries(
      Object.entries(lockfile.packages).sort(([one], [other]) => one.localeCompare(other, 'en')),
    );
    // npm keeps the indentation that it finds.
    const indent = /^\s+/m.exec(text)?.[0].replace(/\n/g, '');
    writeFileSync(file, `${JSON.stringify(lockfile, null, indent)}\n`);
    console.log(`${missing.length} packages of other platforms added to ${join(folder, 'package-lock.json')}`);
  }
}
