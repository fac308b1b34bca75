// @ts-check
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onceAtATime } from '../../../scripts/one-at-a-time.mjs';
import { root, run, ScriptError } from '../../../scripts/run.mjs';

/** @typedef {'floor' | 'current'} Core */

/** Everything that the bed fetches and makes. Git ignores it, and it may be deleted whenever no test runs. */
export const bedFolder = join(root, 'plugins/wordpress/.bed');

/** The SQLite driver that WordPress runs on here. */
export const sqliteFolder = join(bedFolder, 'sqlite');

/**
 * The WordPress versions that we promise to run on, as Debian has them. Debian's unstable moves, so its version is told
 * and never asserted.
 * @type {Record<Core, { suite: string, what: string }>}
 */
export const cores = {
  floor: { suite: 'trixie', what: 'The oldest WordPress that we support' },
  current: { suite: 'sid', what: 'The current WordPress' },
};

/** @param {Core} core */
export const coreFolder = core => join(bedFolder, 'cores', core);

/** @param {Core} core */
const versionFile = core => join(coreFolder(core), 'wp-includes/version.php');

/** The version of a fetched core. @param {Core} core */
export const versionOf = core => /\$wp_version = '([^']+)'/.exec(readFileSync(versionFile(core), 'utf8'))?.[1] ?? '?';

/**
 * Why a core is not there, for whoever has to skip its tests; `undefined` where it is.
 * @param {Core} core
 */
export const whyMissing = core =>
  existsSync(versionFile(core))
    ? undefined
    : `${cores[core].what} could not be fetched from Debian's ${cores[core].suite}; the output of the fetch says why`;

/**
 * Fetches what a WordPress site needs: PHP with PHPUnit, the SQLite driver, and both cores. Quick when all of it is
 * there. Without the current WordPress it goes on, and says so loudly.
 */
export async function prepareBed() {
  await onceAtATime(() => lacksOfPhp().length === 0, ensurePhp);
  await onceAtATime(() => existsSync(join(sqliteFolder, 'load.php')), fetchSqlite);
  await onceAtATime(
    () => !whyMissing('floor'),
    () => fetchCore('floor'),
  );
  try {
    await onceAtATime(
      () => !whyMissing('current'),
      () => fetchCore('current'),
    );
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.warn(
      `\n!!! ${error.message}\n!!! The tests run on WordPress ${versionOf('floor')} ALONE, the rest is SKIPPED.\n`,
    );
  }
}

const extensions = ['pdo_sqlite', 'mbstring', 'dom', 'curl', 'gd', 'intl', 'zip'];
const phpPackages = ['php-cli', 'php-sqlite3', 'php-mbstring', 'php-xml', 'php-curl', 'php-gd', 'php-intl', 'php-zip'];

/** What of PHP the bed needs and the machine does not have. */
function lacksOfPhp() {
  const code = `echo implode(' ', array_filter(explode(' ', '${extensions.join(' ')}'), fn($e) => !extension_loaded($e)));`;
  const { status, stdout } = spawnSync('php', ['-r', code], { encoding: 'utf8' });
  if (status !== 0) return ['php'];
  const lacking = stdout.split(' ').filter(Boolean);
  return existsSync('/usr/share/php/PHPUnit/Autoload.php') || existsSync('/usr/share/php/PHPUnit/autoload.php')
    ? lacking
    : [...lacking, 'phpunit'];
}

async function ensurePhp() {
  const wanted = [...phpPackages, 'phpunit'];
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update'], { env, label: 'Reading what Debian offers' });
    await must('apt-get', ['install', '-y', '--no-install-recommends', ...wanted], {
      env,
      label: "Installing Debian's PHP",
    });
  }
  const lacking = lacksOfPhp();
  if (lacking.length === 0) return;
  throw new ScriptError(
    `The WordPress tests need PHP and PHPUnit 9 as Debian has them; lacking here: ${lacking.join(', ')}. ` +
      `Install them: apt-get install ${wanted.join(' ')}`,
  );
}

const driverPackage = '@wp-playground/cli@3.1.56';
const driverHash = '519abfab608e6b70e88d8731192eae51da3eadf3981ee2be043f0b01c214a9ee';

/** Out of the one tarball that carries it; none of that package's own dependencies is installed. */
async function fetchSqlite() {
  await inFreshFolder(sqliteFolder, async folder => {
    const label = 'Fetching the SQLite driver for WordPress';
    await must('npm', ['pack', driverPackage, '--silent', '--pack-destination', folder], { label });
    const tarball = readdirSync(folder).find(name => name.endsWith('.tgz'));
    if (!tarball) throw new ScriptError(`npm pack ${driverPackage} left no tarball.`);
    await must('tar', ['-xzf', tarball, 'package/sqlite-database-integration.zip'], {
      cwd: folder,
      label: 'Unpacking it',
    });
    const zip = join(folder, 'package/sqlite-database-integration.zip');
    const hash = createHash('sha256').update(readFileSync(zip)).digest('hex');
    if (hash !== driverHash)
      throw new ScriptError(`The SQLite driver in ${driverPackage} has the SHA-256 ${hash}, not ${driverHash}.`);
    const code = '$z = new ZipArchive(); exit($z->open($argv[1]) === true && $z->extractTo($argv[2]) ? 0 : 1);';
    await must('php', ['-r', code, '--', zip, folder], { label: 'Unpacking the driver' });
    return join(folder, 'plugin-sqlite-database-integration');
  });
}

/**
 * One suite in an apt state of our own, on the mirror that this machine is set to: the system's own sources stay as they
 * are. Debian replaces some of WordPress's files by links into other packages, so those are fetched too.
 * @param {Core} core
 */
async function fetchCore(core) {
  const { suite, what } = cores[core];
  const failure = `${what} could not be fetched from Debian's ${suite}.`;
  if (!existsSync('/usr/bin/apt-get')) throw new ScriptError(`${failure} This needs apt-get, so a Debian or its like.`);
  await inFreshFolder(coreFolder(core), async folder => {
    for (const path of ['lists/partial', 'debs/partial', 'root', 'core'])
      mkdirSync(join(folder, path), { recursive: true });
    const { mirror, keyring } = configuredMirror();
    writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
    const apt = Object.entries({
      'Dir::Etc::sourcelist': join(folder, 'sources.list'),
      'Dir::Etc::sourceparts': '-',
      'Dir::State::lists': join(folder, 'lists'),
      'Dir::Cache::archives': join(folder, 'debs'),
      'Dir::Cache::pkgcache': '',
      'Dir::Cache::srcpkgcache': '',
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
      'Acquire::Retries': '3',
      // Otherwise a list that could not be fetched is a warning, and the next step fails with a riddle.
      'APT::Update::Error-Mode': 'any',
    }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const label = `Fetching WordPress from Debian's ${suite}`;
    await must('apt-get', ['-qq', ...apt, 'update'], { label: `Reading what Debian's ${suite} offers`, failure });
    const { stdout } = spawnSync('apt-cache', [...apt, 'depends', 'wordpress'], { encoding: 'utf8' });
    const linked = [...stdout.matchAll(/Depends: ((?:libjs-|libphp-|php-getid3)\S*)/g)].map(([, name]) => name);
    const theme = /Recommends: (wordpress-theme\S*)/.exec(stdout)?.[1];
    const names = [...new Set(['wordpress', ...linked, theme])].filter(name => name !== undefined);
    await must('apt-get', ['-qq', ...apt, 'download', ...names], { cwd: join(folder, 'debs'), label, failure });
    for (const deb of readdirSync(join(folder, 'debs')).filter(name => name.endsWith('.deb'))) {
      const { status, stderr } = spawnSync('dpkg', ['-x', join(folder, 'debs', deb), join(folder, 'root')], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new ScriptError(`${stderr.trim()}\n${failure}`);
    }
    const unpacked = join(folder, 'root/usr/share/wordpress');
    for (const own of ['.htaccess', 'wp-config.php']) rmSync(join(unpacked, own), { force: true });
    // With links followed; -a would keep them.
    await must('cp', ['-rL', `${unpacked}/.`, join(folder, 'core')], { label: 'Unpacking it', failure });
    return join(folder, 'core');
  });
  console.log(`✓ WordPress ${versionOf(core)} from Debian's ${suite}`);
}

/** The first Debian mirror in the machine's own sources, in either of their two formats. */
function configuredMirror() {
  const folder = '/etc/apt/sources.list.d';
  const listed = existsSync(folder) ? readdirSync(folder).filter(name => /\.(list|sources)$/.test(name)) : [];
  const files = ['/etc/apt/sources.list', ...listed.map(name => join(folder, name))];
  const texts = files.filter(existsSync).map(file => readFileSync(file, 'utf8'));
  const lines = texts.flatMap(text => text.split('\n')).filter(line => !line.trimStart().startsWith('#'));
  const addresses = lines.flatMap(line => /^(?:URIs:|deb\s+(?:\[[^\]]*\]\s+)?)\s*(\S+)/.exec(line)?.[1] ?? []);
  return {
    mirror: addresses.find(address => /\/debian\/?$/.test(address)) ?? 'http://deb.debian.org/debian',
    keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
  };
}

/**
 * Makes a folder or nothing: whatever breaks off in the middle leaves no half of it.
 * @param {string} target
 * @param {(folder: string) => Promise<string>} make gets a folder to work in and says which one is the result
 */
async function inFreshFolder(target, make) {
  const folder = `${target}.new`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const result = await make(folder);
    rmSync(target, { recursive: true, force: true });
    renameSync(result, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ label: string, failure?: string, cwd?: string, env?: NodeJS.ProcessEnv }} options
 */
async function must(command, args, { failure, ...options }) {
  const { code, output } = await run(command, args, options);
  if (code === 0) return;
  const last = output.trim().split('\n').slice(-5).join('\n');
  throw new ScriptError(`${last}\n${failure ?? `${options.label} failed.`}`);
}
