import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../e2e/free-port.ts';
import { onceAtATime } from '../../../scripts/one-at-a-time.mjs';
import { root } from '../../../scripts/run.mjs';
import { bedFolder, type Core, coreFolder, sqliteFolder, versionOf, whyMissing } from './prepare.mjs';

export type { Core } from './prepare.mjs';

/** Where `npm run build:wordpress` leaves what a site owner installs. */
export const zipFile = join(root, 'dist/confab.zip');

const pluginSource = join(root, 'plugins/wordpress/plugin');
const standIns = join(root, 'plugins/wordpress/tests/stand-ins');
const phpFolder = join(import.meta.dirname, 'php');
const TEMPLATE_URL = 'http://template.invalid';

export interface SiteOptions {
  core: Core;
  /**
   * How Confab gets there: the very zip through WordPress's own installer, the sources as they are on disk, or not at
   * all. Installed, it is active; in a network, on all of it.
   */
  confab?: 'zip' | 'source' | 'none';
  /** Stand-ins for other plugins, by their folder in tests/stand-ins; active. */
  plugins?: string[];
  /** The first site of a network with subfolders; its second one is at /two/. */
  multisite?: boolean;
  blogName?: string;
  locale?: string;
  /** Constants that wp-config.php sets besides the bed's own. */
  constants?: Record<string, string | number | boolean>;
  /** Without a server there is only what runs in-process: `php`, `wp` and `cron`. */
  serve?: boolean;
  port?: number;
}

export interface Mail {
  to: string[];
  subject: string;
  message: string;
}

/** A request that left for another host, or was about to. */
export interface OutgoingRequest {
  method: string;
  url: string;
  body: string;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Site {
  /** Without a slash at its end. */
  url: string;
  /** WordPress's own folder. */
  folder: string;
  /** The administrator's; of a network, the super administrator's. */
  user: string;
  password: string;
  /** Runs PHP (without its opening tag) with WordPress loaded, and gives what it printed. Rejects when it fails. */
  php(code: string, options?: { url?: string }): Promise<string>;
  /** The bed's stand-in for WP-CLI: `wp('confab', 'status', '--format=json')`. Asked back, it hears nothing. */
  wp(...args: string[]): Promise<CommandResult>;
  /** Runs the events that are due within so many seconds (two minutes, unless told), as if it was that late already. */
  cron(ahead?: number, options?: { url?: string }): Promise<void>;
  /** What WordPress and PHP complained about so far. */
  log(): Promise<string>;
  mails(): Promise<Mail[]>;
  /** What left the site so far for any other host than wordpress.org. */
  requests(): Promise<OutgoingRequest[]>;
  /** Installs dist/confab.zip by WordPress's own installer and activates it; in a network, on all of it. */
  addConfab(): Promise<void>;
  /** Ends the server and removes the site. */
  stop(): Promise<void>;
}

/** A WordPress of its own, ready for use: about a second. Ends with this process at the latest. */
export async function makeSite({
  core,
  confab = 'zip',
  plugins = [],
  multisite = false,
  blogName = 'Kittiwake Knitwear',
  locale = '',
  constants = {},
  serve = true,
  port: wantedPort,
}: SiteOptions): Promise<Site> {
  if (confab === 'zip' && !existsSync(zipFile)) {
    throw new Error(`${zipFile} is not there; make it: npm run build:wordpress`);
  }
  const folder = join(bedFolder, 'sites', `${process.pid}-${randomUUID().slice(0, 8)}`);
  await copyTemplate(await templateOf(core), folder);
  process.once('exit', () => removeNow(folder));

  const port = wantedPort ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const site = { folder, url };
  const describe = (network: boolean) => describeSite(folder, { port, multisite: network, constants });
  await describe(false);
  if (locale) await addLanguage(folder, locale);
  await runScript(site, 'rename.php', JSON.stringify([TEMPLATE_URL, url, blogName, locale]));
  if (multisite) {
    await runScript(site, 'network.php');
    await describe(true);
  }
  const adapt = async (wanted: { zip: string | null; plugins: string[] }) => {
    await runScript(site, 'adapt.php', JSON.stringify(wanted));
  };
  const active = await addPlugins(folder, plugins, confab);
  const zip = confab === 'zip' ? zipFile : null;
  if (active.length > 0 || zip || multisite) await adapt({ zip, plugins: active });
  const server = serve ? await startServer(folder, port) : undefined;

  const lines = async (file: string) => {
    const path = join(folder, 'data', file);
    const text = existsSync(path) ? await readFile(path, 'utf8') : '';
    return text
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
  };
  return {
    url,
    folder: join(folder, 'wordpress'),
    user: 'admin',
    password: 'password',
    php: (code, { url: at = url } = {}) => runScript({ folder, url: at }, 'eval.php', code),
    wp: (...args) => runPhp({ folder, url }, [join(phpFolder, 'wp-cli.php'), ...args]),
    cron: async (ahead = 120, { url: at = url } = {}) => {
      await runScript({ folder, url: at }, 'cron.php', String(ahead));
    },
    log: async () => {
      const path = join(folder, 'data/debug.log');
      const lines = existsSync(path) ? (await readFile(path, 'utf8')).split('\n') : [];
      return lines.filter(line => !CORES_OWN.test(line)).join('\n');
    },
    mails: () => lines('mails.jsonl'),
    requests: () => lines('requests.jsonl'),
    addConfab: () => adapt({ zip: zipFile, plugins: ['confab/confab.php'] }),
    stop: async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs PHP on the files of a site, with PHPUnit's entry for one. */
export const runPhp = (site: { folder: string; url: string }, args: string[], input = ''): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, BED_ROOT: join(site.folder, 'wordpress'), BED_URL: site.url };
    const child = execFile('php', [...PHP_SETTINGS, ...args], { env, maxBuffer: 64e6 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });

/** A fault of a network's core on PHP 8, at every single start. */
const CORES_OWN = /Optional parameter \$meta declared before required parameter .*ms-functions\.php/;

const PHP_SETTINGS = ['-d', 'memory_limit=256M', '-d', 'display_errors=stderr', '-d', 'error_reporting=-1'];

async function runScript(site: { folder: string; url: string }, script: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await runPhp(site, [join(phpFolder, script)], input);
  if (code === 0) return stdout;
  // A fatal error stands in WordPress's own log.
  const log = join(site.folder, 'data/debug.log');
  const last = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-15).join('\n') : '';
  throw new Error(`${script} ended with ${code}\n${stderr}${stdout}${last}`.trim());
}

/** An installed WordPress to copy: made once for a core and a state of the bed. */
async function templateOf(core: Core): Promise<string> {
  const missing = whyMissing(core);
  if (missing) throw new Error(missing);
  const made = createHash('sha256').update(versionOf(core));
  for (const file of ['wp-config.php', 'db.php', 'mu-plugin.php', 'install.php', 'load.php']) {
    made.update(readFileSync(join(phpFolder, file)));
  }
  const folder = join(bedFolder, 'templates', `${core}-${made.digest('hex').slice(0, 12)}`);
  await onceAtATime(
    () => existsSync(folder),
    async () => {
      const fresh = `${folder}.new`;
      await rm(fresh, { recursive: true, force: true });
      await mkdir(join(fresh, 'data'), { recursive: true });
      await linkTree(coreFolder(core), join(fresh, 'wordpress'));
      const content = join(fresh, 'wordpress/wp-content');
      await mkdir(join(content, 'mu-plugins'));
      await cp(join(phpFolder, 'mu-plugin.php'), join(content, 'mu-plugins/bed.php'));
      await cp(join(phpFolder, 'db.php'), join(content, 'db.php'));
      await cp(join(phpFolder, 'wp-config.php'), join(fresh, 'wordpress/wp-config.php'));
      await describeSite(fresh, { port: 0, multisite: false, constants: {} });
      await runScript({ folder: fresh, url: TEMPLATE_URL }, 'install.php');
      for (const noted of globSync('data/*.{jsonl,log}', { cwd: fresh })) await rm(join(fresh, noted));
      await rename(fresh, folder);
    },
  );
  return folder;
}

/** WordPress's own files are linked, not copied: nobody writes into them. What belongs to the site is copied. */
async function copyTemplate(template: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await linkTree(join(template, 'wordpress'), join(folder, 'wordpress'));
  await cp(join(template, 'data'), join(folder, 'data'), { recursive: true });
}

const linkTree = (from: string, to: string) => execute('cp', ['-al', from, to]);

const execute = (command: string, args: string[]) =>
  new Promise<void>((resolve, reject) => {
    execFile(command, args, error => (error ? reject(error) : resolve()));
  });

const describeSite = (folder: string, settings: { port: number; multisite: boolean; constants: object }) =>
  writeFile(join(folder, 'site.json'), JSON.stringify({ ...settings, sqlite: sqliteFolder }));

/** Translations are not to be had here; WordPress takes a language for installed when it has a file for it. */
async function addLanguage(folder: string, locale: string): Promise<void> {
  const languages = join(folder, 'wordpress/wp-content/languages');
  await mkdir(languages, { recursive: true });
  await writeFile(join(languages, `${locale}.l10n.php`), `<?php return array( 'messages' => array() );`);
}

/** Copies the plugins that do not come as a zip; gives the files by which WordPress activates all of them. */
async function addPlugins(folder: string, names: string[], confab: SiteOptions['confab']): Promise<string[]> {
  const target = join(folder, 'wordpress/wp-content/plugins');
  for (const name of names) await cp(join(standIns, name), join(target, name), { recursive: true });
  if (confab === 'source') await cp(pluginSource, join(target, 'confab'), { recursive: true });
  const main = (name: string) =>
    globSync('*.php', { cwd: join(target, name) }).find(file =>
      /^[ *]*Plugin Name:/m.test(readFileSync(join(target, name, file), 'utf8')),
    );
  const files = names.map(name => `${name}/${main(name)}`);
  return confab === 'none' ? files : [...files, 'confab/confab.php'];
}

/**
 * PHP's own server. Its workers outlive a SIGTERM of their parent, so it gets a process group, and a shell that kills
 * the group as soon as we are gone: it reads from a pipe that ends with us.
 */
async function startServer(folder: string, port: number) {
  const settings = [
    ...PHP_SETTINGS,
    '-d',
    'opcache.enable_cli=1',
    '-d',
    'upload_max_filesize=32M',
    '-d',
    'post_max_size=32M',
  ];
  const docroot = join(folder, 'wordpress');
  const php = ['php', ...settings, '-S', `127.0.0.1:${port}`, '-t', docroot, join(phpFolder, 'router.php')];
  const server = spawn('sh', ['-c', '"$@" & read -r _; kill -KILL 0', 'sh', ...php], {
    cwd: docroot,
    env: { ...process.env, PHP_CLI_SERVER_WORKERS: '4' },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const ended = once(server, 'exit');
  await listening(server);
  return {
    stop: async () => {
      server.stdin?.end();
      await ended;
    },
  };
}

/** Resolves when the server says that it listens. What it says later, a line for each request, is not kept. */
async function listening(server: ChildProcess): Promise<void> {
  if (!server.stderr) throw new Error('no output to wait for');
  const lines = createInterface({ input: server.stderr });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', line => {
      if (line.includes(' started')) resolve();
      else if (line.includes('Failed to listen')) reject(new Error(line));
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error("PHP's server ended before it listened")));
  });
}

/** At the end of the process there is no time to wait for anything. */
function removeNow(folder: string): void {
  if (existsSync(folder)) spawn('rm', ['-rf', folder], { detached: true, stdio: 'ignore' }).unref();
}
