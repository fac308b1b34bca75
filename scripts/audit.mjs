// @ts-check
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SKIPPED } from './checks.mjs';
import { lockedFolders } from './complete-lockfile.mjs';
import { main, root, ScriptError, toolEnv } from './run.mjs';

const usage = `Asks the npm registry about known holes in the packages of the lockfiles, and judges the lockfiles by themselves.

Usage
  node scripts/audit.mjs           both
  node scripts/audit.mjs --local   the lockfiles by themselves, without the network

Fails on a hole that is "high" or "critical", on a package without a hash or from elsewhere than the npm registry, and on
a package that would run a script at its installation and is not in "allowScripts". Exit codes: 0 good, 1 a fault,
${SKIPPED} the registry was not asked or did not answer, and nothing else is wrong.`;

/**
 * @typedef {{ version?: string, link?: boolean, resolved?: string, integrity?: string, optional?: boolean, os?: string[],
 *   hasInstallScript?: boolean }} Entry
 */

/**
 * What is wrong with a lockfile. A package may lack its hash only where it is of another platform than ours: a registry
 * that does not carry it tells none (see complete-lockfile.mjs), and npm does not install it here.
 * @param {Record<string, Entry>} packages
 * @param {Record<string, boolean>} allowScripts by the name of the package; both answers are decisions
 * @returns {{ faults: string[], withoutHash: string[] }}
 */
export function lockfileFaults(packages, allowScripts) {
  const faults = [];
  const withoutHash = [];
  for (const [path, entry] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || entry.link) continue;
    if (entry.resolved && !entry.resolved.startsWith('https://registry.npmjs.org/')) {
      faults.push(`${path} comes from ${entry.resolved}, and not from the npm registry`);
    }
    if (!/^sha512-[\w+/]{86}==$/.test(entry.integrity ?? '')) {
      if (!entry.integrity && entry.optional && entry.os) withoutHash.push(path);
      else faults.push(`${path} has no SHA-512`);
    }
    if (entry.hasInstallScript && !(nameOf(path) in allowScripts)) {
      faults.push(`${path} runs a script when it is installed: decide in "allowScripts" of package.json`);
    }
  }
  return { faults, withoutHash };
}

/** @param {string} path such as node_modules/a/node_modules/@b/c */
export const nameOf = path => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/**
 * What `npm audit --json` said: the holes that must be mended, the others, or why there is no answer.
 * @param {string} output
 * @returns {{ bad: string[], others: string[] } | { unanswered: string }}
 */
export function readAudit(output) {
  const report = parsed(output);
  if (!report?.vulnerabilities) {
    const why = report?.message ?? report?.error?.summary ?? report?.error?.code ?? 'npm said nothing that can be read';
    return { unanswered: String(why).split('\n')[0] ?? '' };
  }
  /** @type {string[]} */
  const bad = [];
  /** @type {string[]} */
  const others = [];
  for (const { name, severity, range } of Object.values(report.vulnerabilities)) {
    (['high', 'critical'].includes(severity) ? bad : others).push(`${severity}: ${name} ${range}`);
  }
  return { bad, others };
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} folder */
function askRegistry(folder) {
  const args = ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=20000'];
  const shell = process.platform === 'win32';
  const { stdout } = spawnSync('npm', args, { cwd: join(root, folder), env: toolEnv(), encoding: 'utf8', shell });
  return readAudit(stdout ?? '');
}

/** @param {string} folder @param {string} file */
const read = (folder, file) => JSON.parse(readFileSync(join(root, folder, file), 'utf8'));

/** @param {{ asks: boolean }} how */
function audit({ asks }) {
  let isBad = false;
  let isAnswered = true;
  for (const folder of lockedFolders) {
    const { packages } = read(folder, 'package-lock.json');
    const { faults, withoutHash } = lockfileFaults(packages, read(folder, 'package.json').allowScripts ?? {});
    const count = Object.keys(packages).length;
    console.log(`${folder}: ${count} packages, ${withoutHash.length} of other platforms without a hash`);
    for (const fault of faults) console.error(`  ${fault}`);
    isBad ||= faults.length > 0;
    if (!asks) continue;
    const answer = askRegistry(folder);
    if ('unanswered' in answer) {
      console.log(`  not asked about known holes: ${answer.unanswered}`);
      isAnswered = false;
      continue;
    }
    for (const hole of answer.bad) console.error(`  ${hole}`);
    for (const hole of answer.others) console.log(`  ${hole}`);
    isBad ||= answer.bad.length > 0;
  }
  if (isBad) return 1;
  return isAnswered ? 0 : SKIPPED;
}

if (process.argv[1] === import.meta.filename) {
  main(async () => {
    const args = process.argv.slice(2);
    if (args.includes('--help')) {
      console.log(usage);
      return 0;
    }
    const unknown = args.find(arg => arg !== '--local');
    if (unknown) throw new ScriptError(`audit takes no "${unknown}"; see --help`);
    return audit({ asks: !args.includes('--local') });
  });
}
