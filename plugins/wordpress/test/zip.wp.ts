import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { Engine } from 'php-parser';
import { describe, expect, it } from 'vitest';
import { root } from '../../../scripts/run.mjs';
import { LOCALES } from '../build/catalogue.ts';
import { translationsOf } from '../build/languages.ts';
import { allMessages, consoleMessages } from '../build/messages.ts';
import { zipOf } from '../build/zip.ts';

const version: string = JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8')).version;

/** What may be in the zip, and nothing else. */
const ALLOWED = [
  /^(confab|uninstall)\.php$/,
  /^readme\.txt$/,
  /^includes\/(autoload|class-[a-z-]+)\.php$/,
  /^block\/(chat|faq)\/(block\.json|index\.js|index\.asset\.php|render\.php)$/,
  /^admin\/(admin\.js|admin(-rtl)?\.css|admin\.asset\.php|(lists|conversations-list|dataviews-(ltr|rtl))\.(js|css))$/,
  /^widget\/confab-(loader|pages|panel|proof)\.js$/,
  /^languages\/confab\.pot$/,
  /^languages\/confab-(de_DE|es_ES|fr_FR)(\.mo|\.l10n\.php|-confab-(admin|chat-editor-script|faq-editor-script)\.json)$/,
];

/** Hosts that stand for nobody, or are names of formats that nothing is ever fetched from. */
const NOT_CONTACTED = new Set([
  'base-ui.com',
  'www.w3.org',
  'schema.org',
  'github.com',
  'react.dev',
  'www.gnu.org',
  'wordpress.org',
]);
const isExample = (host: string) => /(^|\.)(example|invalid)(\.com|\.org)?$/.test(host);

const files = new Map(
  Object.entries(unzipSync(readFileSync(join(root, 'dist/confab.zip')))).map(([path, bytes]) => [
    path.replace(/^confab\//, ''),
    new TextDecoder().decode(bytes),
  ]),
);
const ofKind = (kind: RegExp) => [...files].filter(([path]) => kind.test(path));
const php = ofKind(/\.php$/);
const readme = files.get('readme.txt') ?? '';

describe('the zip', () => {
  it('holds the plugin and nothing else', () => {
    expect([...files.keys()].filter(path => !ALLOWED.some(allowed => allowed.test(path)))).toEqual([]);
    expect(ALLOWED.filter(allowed => ![...files.keys()].some(path => allowed.test(path)))).toEqual([]);
  });

  it('is the same for the same sources', () => {
    expect(Buffer.from(zipOf().bytes).equals(Buffer.from(zipOf().bytes))).toBe(true);
  });

  it('says one version everywhere', () => {
    expect(files.get('confab.php')).toContain(` * Version:           ${version}\n`);
    expect(files.get('confab.php')).toContain(`define( 'CONFAB_VERSION', '${version}' );`);
    expect(readme).toContain(`Stable tag: ${version}\n`);
  });

  it('has the readme that the directory asks for', () => {
    for (const line of ['Contributors: ', 'Requires at least: 6.8', 'Tested up to: 7.1', 'Requires PHP: 7.4']) {
      expect(readme).toContain(`\n${line}`);
    }
    const header = files.get('confab.php') ?? '';
    const license = /^License URI: +(\S+)$/m.exec(readme)?.[1];
    expect(license && header.includes(license)).toBe(true);
    expect(/^Tags: (.*)$/m.exec(readme)?.[1]?.split(',').length).toBeLessThanOrEqual(5);
    const short = readme.split('\n\n')[1] ?? '';
    expect(short.length).toBeLessThanOrEqual(150);
    for (const title of ['External services', 'Privacy', 'Installation', 'Changelog', 'Source code']) {
      expect(readme).toContain(`\n== ${title} ==\n`);
    }
  });

  it('names every host in its readme', () => {
    const named = new Set(hostsIn(readme));
    const unnamed = ofKind(/\.(php|js)$/).flatMap(([path, text]) =>
      hostsIn(text)
        .filter(host => !named.has(host) && !NOT_CONTACTED.has(host) && !isExample(host))
        .map(host => `${path}: ${host}`),
    );
    expect(unnamed).toEqual([]);
  });

  it('contains no vendor of models, and no address of this machine', () => {
    const found = ofKind(/\.(php|js)$/).flatMap(([path, text]) =>
      [...text.matchAll(/api\.openai\.com|api\.anthropic\.com|openai-php|http:\/\/(?:localhost|127\.0\.0\.1)/g)].map(
        ([word]) => `${path}: ${word}`,
      ),
    );
    expect(found).toEqual([]);
  });

  it('brings no React of its own', () => {
    const elements = /Symbol\.for\(["']react\.(?:transitional\.)?element["']\)/;
    const bundling = ofKind(/\.js$/).filter(([, text]) => elements.test(text) && /\b_owner:/.test(text));
    expect(bundling.map(([path]) => path)).toEqual([]);
    expect(files.get('admin/admin.asset.php')).toContain("'react-dom'");
  });

  it('keeps DataViews out of what every admin screen loads', () => {
    expect((files.get('admin/admin.js') ?? '').length).toBeLessThan(120_000);
    expect(files.get('admin/admin.js')).not.toContain('dataviews-view-table');
  });
});

describe('its PHP', () => {
  it('does nothing when it is called directly', () => {
    const isGuarded = (path: string, text: string) =>
      /defined\( '(ABSPATH|WP_UNINSTALL_PLUGIN)' \)/.test(text) ||
      // Files that only return data.
      (/\.(asset|l10n)\.php$/.test(path) && /^<\?php\s+return array\s*\(/.test(text));
    expect(php.filter(([path, text]) => !isGuarded(path, text)).map(([path]) => path)).toEqual([]);
  });

  it('asks for a permission at every REST route', () => {
    const routes = php.flatMap(([path, text]) => routesIn(path, text));
    expect(routes.length).toBeGreaterThan(0);
    expect(routes.filter(({ permission }) => !permission || permission === '__return_true')).toEqual([]);
  });
});

describe.each(Object.keys(LOCALES))('the translation %s', locale => {
  // Those of the console that WordPress never shows, too: nowhere else is there a test of its catalogue.
  const messages = new Map([...allMessages(), ...consoleMessages()]);
  const translations = translationsOf(locale);

  it('has every text', () => {
    const missing = [...messages].filter(([key]) => !translations.has(key)).map(([, { msgid }]) => msgid);
    expect(missing).toEqual([]);
  });

  it('fills in the same placeholders', () => {
    const differing = [...messages].filter(([key, { msgid, plural }]) =>
      (translations.get(key) ?? []).some((form, index) => {
        const wanted = placeholders(index > 0 && plural ? plural : msgid);
        return placeholders(form).join() !== wanted.join();
      }),
    );
    expect(differing.map(([, { msgid }]) => msgid)).toEqual([]);
  });

  it('reaches PHP and every script', () => {
    expect(files.get(`languages/confab-${locale}.l10n.php`)).toContain("'domain'=>'confab'");
    const admin = JSON.parse(files.get(`languages/confab-${locale}-confab-admin.json`) ?? '{}').locale_data.confab;
    expect(admin[''].lang).toBe(locale);
    expect(admin.Settings).toEqual(translations.get('\u0004Settings'));
    // A description of a setting, which the screens translate at run time.
    expect(admin['Name of the website']).toEqual(translations.get('\u0004Name of the website'));
  });
});

const placeholders = (text: string) => [...text.matchAll(/%(?:\d\$)?[sd]/g)].map(([found]) => found).sort();

/** The hosts that stand in a text, as addresses or by name. */
function hostsIn(text: string): string[] {
  const addresses = [...text.matchAll(/https?:\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)+)/gi)].map(([, host = '']) => host);
  return [...new Set(addresses.map(host => host.toLowerCase()))];
}

// biome-ignore lint/suspicious/noExplicitAny: nodes of the parser
type Node = any;

/** Every route that is registered with WordPress, and how it is guarded. */
function routesIn(path: string, text: string): { path: string; line: number; permission: string | undefined }[] {
  const tree: Node = new Engine({ ast: { withPositions: true } }).parseCode(text, path);
  const found: ReturnType<typeof routesIn> = [];
  const visit = (node: Node) => {
    if (!node || typeof node !== 'object') return;
    if (node.kind === 'call' && node.what?.name === 'register_rest_route') {
      const entries: Node[] = node.arguments[2]?.items ?? [];
      // One route may have a list of handlers.
      const handlers = entries.some(entry => entry.key)
        ? [entries]
        : entries.map(entry => (entry.value ?? entry).items);
      for (const handler of handlers) {
        const guard = handler.find((entry: Node) => entry.key?.value === 'permission_callback')?.value;
        const permission = guard && (guard.kind === 'string' ? guard.value : guard.kind);
        found.push({ path, line: node.loc.start.line, permission });
      }
    }
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) value.forEach(visit);
      else if (value && typeof value === 'object') visit(value);
    }
  };
  visit(tree);
  return found;
}
