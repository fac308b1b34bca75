import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, readConfig, variables } from './config.ts';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const shopify = { SHOPIFY_API_KEY: 'key', SHOPIFY_API_SECRET: 'secret' };
const production = { NODE_ENV: 'production', CONFAB_SECRET_KEY: key(1) };

/** The message of the refusal. */
function refusal(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('the configuration', () => {
  it('needs nothing outside production but a place for its key', () => {
    const config = readConfig({ CONFAB_SECRET_KEY: key(1) });
    expect(config).toMatchObject({ port: 8787, host: '127.0.0.1', rateLimit: true, production: false });
    expect(config.demo).toBeDefined();
  });

  it('takes an empty variable as absent', () => {
    const config = readConfig({ CONFAB_SECRET_KEY: key(1), PORT: '', DATABASE_URL: '', CONFAB_DEMO_SECRET: '' });
    expect(config).toMatchObject({ port: 8787, databaseUrl: undefined });
  });

  it('in production has no demo shop, and calls no private address, unless it is told to', () => {
    expect(readConfig(production)).toMatchObject({ demo: undefined, privateUrls: 'refuse' });
    expect(readConfig({ ...production, CONFAB_DEMO: 'on' }).demo).toBeDefined();
  });

  it('takes several secret keys, the newest first', () => {
    const { secretKeys } = readConfig({ CONFAB_SECRET_KEY: `${key(1)}, ${key(2)}` });
    expect(secretKeys.map(each => each[0])).toEqual([1, 2]);
  });

  it('has an app on Shopify where its key is given, and what it sells where the Partner API is', () => {
    const read = (more: NodeJS.ProcessEnv) => readConfig({ CONFAB_SECRET_KEY: key(1), ...more }).shopify;
    expect(read({})).toBeUndefined();
    const app = { apiKey: 'key', apiSecret: 'secret', appHandle: 'confab', partner: undefined };
    expect(read(shopify)).toEqual(app);
    const partner = { SHOPIFY_PARTNER_ORGANIZATION_ID: '12', SHOPIFY_PARTNER_TOKEN: 'token', SHOPIFY_APP_ID: '34' };
    expect(read({ ...shopify, ...partner })).toEqual({
      ...app,
      partner: { organizationId: '12', token: 'token', appId: '34' },
    });
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['PORT', { PORT: '65536' }],
    ['PORT', { PORT: '80.5' }],
    ['PORT', { PORT: 'http' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://localhost' }],
    ['CONFAB_SECRET_KEY', { CONFAB_SECRET_KEY: 'c2hvcnQ=' }],
    ['CONFAB_SECRET_KEY', { CONFAB_SECRET_KEY: `${key(1)},c2hvcnQ=` }],
    ['CONFAB_PUBLIC_URL', { CONFAB_PUBLIC_URL: 'relay.example' }],
    ['CONFAB_PUBLIC_URL', { CONFAB_PUBLIC_URL: 'ftp://relay.example' }],
    ['CONFAB_TRUST_PROXY', { CONFAB_TRUST_PROXY: '-1' }],
    ['CONFAB_DEMO_SECRET', { CONFAB_DEMO_SECRET: 'two words' }],
    ['CONFAB_LOG_LEVEL', { CONFAB_LOG_LEVEL: 'verbose' }],
    ['SENTRY_DSN', { SENTRY_DSN: 'https://sentry.example/1' }],
    ['SENTRY_DSN', { SENTRY_DSN: 'https://key@sentry.example/' }],
    ['OPENAI_API', { OPENAI_API: 'soap' }],
    ['ANTHROPIC_BASE_URL', { ANTHROPIC_BASE_URL: 'file:///etc' }],
    ['SHOPIFY_API_SECRET', { SHOPIFY_API_KEY: 'key' }],
    ['SHOPIFY_API_KEY', { SHOPIFY_API_SECRET: 'secret' }],
    ['SHOPIFY_API_SECRET', { SHOPIFY_API_KEY: 'key', SHOPIFY_API_SECRET: 'two words' }],
    ['SHOPIFY_APP_HANDLE', { ...shopify, SHOPIFY_APP_HANDLE: 'Confab App' }],
    ['SHOPIFY_APP_ID', { ...shopify, SHOPIFY_PARTNER_ORGANIZATION_ID: '1', SHOPIFY_PARTNER_TOKEN: 't' }],
    ['SHOPIFY_API_KEY', { SHOPIFY_PARTNER_ORGANIZATION_ID: '1', SHOPIFY_PARTNER_TOKEN: 't', SHOPIFY_APP_ID: '2' }],
    ['CONFAB_PUBLIC_URL', { ...production, ...shopify }],
    ['NODE_ENV', { NODE_ENV: 'staging' }],
    ['CONFAB_RATE_LIMIT', { ...production, CONFAB_RATE_LIMIT: 'off' }],
    ['CONFAB_SECRET_KEY', { NODE_ENV: 'production' }],
  ])('names %s where it is %o', (name, environment) => {
    const message = refusal({
      CONFAB_SECRET_KEY: key(1),
      ...(name === 'CONFAB_SECRET_KEY' && { CONFAB_SECRET_KEY: '' }),
      ...environment,
    });
    expect(message).toMatch(new RegExp(`^  ${name}: .+`, 'm'));
    expect(message.trim().split('\n')).toHaveLength(2);
  });

  it('names all that is wrong at once, and repeats no value', () => {
    const message = refusal({
      NODE_ENV: 'production',
      PORT: 'x-secret-x',
      CONFAB_RATE_LIMIT: 'off',
      CONFAB_DEMO_SECRET: 'x secret x',
    });
    for (const name of ['PORT', 'CONFAB_RATE_LIMIT', 'CONFAB_SECRET_KEY', 'CONFAB_DEMO_SECRET'])
      expect(message).toContain(`  ${name}: `);
    expect(message).not.toMatch(/x.secret.x/);
  });
});

describe('a secret key of its own', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  const dataDir = () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'confab-config-'));
    folders.push(folder);
    return folder;
  };

  it('is made once, for the owner’s eyes only', () => {
    const CONFAB_DATA_DIR = dataDir();
    const first = readConfig({ CONFAB_DATA_DIR }).secretKeys;
    expect(readConfig({ CONFAB_DATA_DIR }).secretKeys).toEqual(first);
    expect(first[0]).toHaveLength(32);
    expect(statSync(path.join(CONFAB_DATA_DIR, 'secret-key')).mode & 0o777).toBe(0o600);
    expect(readConfig({ CONFAB_DATA_DIR: dataDir() }).secretKeys).not.toEqual(first);
  });

  it('that is damaged is not replaced in silence', () => {
    const CONFAB_DATA_DIR = dataDir();
    writeFileSync(path.join(CONFAB_DATA_DIR, 'secret-key'), 'damaged');
    expect(refusal({ CONFAB_DATA_DIR })).toContain('restore it');
  });
});

describe('.env.example', () => {
  const lines = readFileSync(path.join(import.meta.dirname, '../../.env.example'), 'utf8').split('\n');
  const names = lines.flatMap(line => /^#?\s?([A-Z][A-Z0-9_]+)=/.exec(line)?.[1] ?? []);

  it('has every variable once, and no other', () => {
    expect(names.toSorted()).toEqual(Object.keys(variables.shape).toSorted());
  });

  it.each(names)('explains %s in the line above', name => {
    const at = lines.findIndex(line => line.startsWith(`${name}=`));
    expect(lines[at - 1]).toMatch(/^# \S.{10,}/);
  });

  it('is a configuration that starts', () => {
    const environment = Object.fromEntries(lines.filter(line => /^[A-Z]/.test(line)).map(line => line.split(/=(.*)/s)));
    expect(refusal({ ...environment, CONFAB_SECRET_KEY: key(1) })).toBe('');
  });
});
