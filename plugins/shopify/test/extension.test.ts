import { globSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { themeCheckRun } from '@shopify/theme-check-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { fillThemeExtension } from '../../../scripts/theme-extension.mjs';

const extension = join(import.meta.dirname, '../extensions/confab-chat');
const read = (path: string) => readFileSync(join(extension, path), 'utf8');
const json = (path: string) => JSON.parse(read(path));
const files = (pattern: string) => globSync(pattern, { cwd: extension });
const bytes = (paths: string[]) => paths.reduce((sum, path) => sum + statSync(join(extension, path)).size, 0);

interface Setting {
  type: string;
  id: string;
  default?: unknown;
  options?: { value: string }[];
}
interface Schema {
  name: string;
  target: string;
  javascript: string;
  available_if: string;
  settings: Setting[];
}
const block = () => read('blocks/confab-chat.liquid');
const schemaOf = (liquid: string): Schema => JSON.parse(/{% schema %}([\s\S]*){% endschema %}/.exec(liquid)?.[1] ?? '');

beforeAll(fillThemeExtension);

describe('the theme app extension', () => {
  it('passes the checks of Shopify', async () => {
    const { offenses, config, theme } = await themeCheckRun(extension);
    expect(config.context).toBe('app');
    expect(theme.length).toBeGreaterThanOrEqual(9);
    expect(offenses.map(({ check, message, uri }) => `${basename(uri)}: ${check}: ${message}`)).toEqual([]);
  });

  it('holds the widget and nothing else that Shopify would refuse', () => {
    const widget = ['loader', 'pages', 'panel', 'proof'].map(name => `assets/confab-${name}.js`);
    expect(files('assets/*').sort()).toEqual(widget);
    const allowed = /^(assets\/[\w-]+\.js|blocks\/[\w-]+\.liquid|locales\/[\w.]+\.json|shopify\.extension\.toml)$/;
    const all = files('**').filter(path => statSync(join(extension, path)).isFile());
    expect(all.filter(path => !allowed.test(path))).toEqual([]);
  });

  it('keeps to the sizes that Shopify allows', () => {
    expect(statSync(join(extension, 'assets/confab-loader.js')).size).toBeLessThanOrEqual(10_000);
    expect(bytes(files('assets/*.css'))).toBeLessThanOrEqual(100_000);
    expect(bytes(files('{blocks,snippets}/*.liquid'))).toBeLessThanOrEqual(500 * 1024);
    expect(bytes(files('**/*.*'))).toBeLessThanOrEqual(10 * 1024 * 1024);
  });

  it('has one block: an app embed at the end of the page, that a metafield of ours makes available', () => {
    expect(files('blocks/*')).toEqual(['blocks/confab-chat.liquid']);
    const { target, javascript, available_if } = schemaOf(block());
    expect(target).toBe('body');
    expect(files(`assets/${javascript}`)).toHaveLength(1);
    expect(available_if).toBe('{{ app.metafields.confab.enabled }}');
  });

  it('has settings that the theme editor knows, each once, with a default that can be chosen', () => {
    const known = createRequire(import.meta.url).resolve('@shopify/theme-check-docs-updater/data/setting.json');
    const types: string[] = JSON.parse(readFileSync(known, 'utf8')).properties.type.enum;
    const { settings } = schemaOf(block());
    expect(settings.map(({ id }) => id)).toEqual(['position']); // everything else is set in the app
    expect(types).toContain('select');
    expect(settings.filter(({ type }) => !types.includes(type))).toEqual([]);
    expect(new Set(settings.map(({ id }) => id)).size).toBe(settings.length);
    for (const { options, default: usual } of settings) expect(options?.map(({ value }) => value)).toContain(usual);
  });

  it('uses no tag that an app block may not have, no style, no viewport, and prints values as JSON or texts only', () => {
    const [body = ''] = block().split('{% schema %}');
    expect(body).not.toMatch(/{%-?\s*(javascript|stylesheet|include|layout|sections?|content_for|style)\b/);
    expect(body).not.toMatch(/<(style|link|meta|iframe)\b|\sstyle=|\son\w+=/i);
    const printed = [...body.matchAll(/{{-?([\s\S]*?)-?}}/g)].map(([, what = '']) => what.trim());
    expect(printed.length).toBeGreaterThan(10);
    expect(printed.filter(what => !/\| json$/.test(what))).toEqual(["'chat.not_connected' | t"]);
  });
});

describe('the languages of the extension', () => {
  const keys = (value: object, path = ''): string[] =>
    Object.entries(value).flatMap(([name, inner]) =>
      typeof inner === 'string' ? [path + name] : keys(inner, `${path}${name}.`),
    );
  const languages = ['en.default', 'de', 'fr', 'es'];

  it('are those of the widget, for visitors and for the merchant', () => {
    const expected = languages.flatMap(name => [`locales/${name}.json`, `locales/${name}.schema.json`]);
    expect(files('locales/*').sort()).toEqual(expected.sort());
  });

  it.each(languages)('have every text in %s', name => {
    for (const kind of ['json', 'schema.json']) {
      const texts = json(`locales/${name}.${kind}`);
      expect(keys(texts)).toEqual(keys(json(`locales/en.default.${kind}`)));
    }
  });

  it('have every text that the block asks for, and no other', () => {
    const [body = ''] = block().split('{% schema %}');
    const asked = [...body.matchAll(/'([\w.]+)' \| t\b/g)].map(([, key]) => key);
    expect([...new Set(asked)].sort()).toEqual(keys(json('locales/en.default.json')).sort());
    const merchant = [...block().matchAll(/"t:([\w.]+)"/g)].map(([, key]) => key);
    expect([...new Set(merchant)].sort()).toEqual(keys(json('locales/en.default.schema.json')).sort());
  });

  it('say nothing that Shopify would escape, since a text goes into JSON', () => {
    const texts = languages.map(name => JSON.stringify(Object.values(json(`locales/${name}.json`).chat)));
    expect(texts.join('').replaceAll('","', '')).not.toMatch(/[<>&']|\\"/);
  });
});
