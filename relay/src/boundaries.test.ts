import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** What stands where, in the order of docs/architecture.md: a feature may import from those before it only. */
const RANKS: Record<string, number> = {
  sites: 0,
  privacy: 1,
  retention: 2,
  connect: 2,
  usage: 1,
  overview: 2,
  consent: 3,
  knowledge: 4,
  visitors: 4,
  conversations: 5,
  crawl: 5,
  uploads: 5,
  leads: 6,
  entries: 6,
  evaluation: 7,
  webhooks: 7,
  notifications: 7,
  accounts: 0,
  teams: 2,
  billing: 3,
  exports: 8,
  deletion: 8,
  live: 7,
};
const SDKS: Record<string, string> = {
  openai: 'openai.ts',
  '@anthropic-ai/sdk': 'anthropic.ts',
  '@aws-sdk/client-bedrock-runtime': 'bedrock.ts',
  'better-auth/minimal': 'accounts/auth.ts',
  '@node-rs/argon2': 'accounts/passwords.ts',
  'pg-boss': 'jobs/jobs.ts',
  redis: 'redis/redis.ts',
  '@sentry/node': 'sentry.ts',
  resend: 'resend.ts',
  stripe: 'payments/stripe.ts',
  nodemailer: 'email/files.ts',
  'nodemailer/lib/mail-composer': 'email/files.ts',
  'postal-mime': 'email/files.ts',
  '@hubspot/api-client': 'hubspot.ts',
  'klaviyo-api': 'klaviyo.ts',
  '@jsforce/jsforce-node': 'salesforce.ts',
  'pipedrive/v1': 'pipedrive.ts',
  'pipedrive/v2': 'pipedrive.ts',
};
const DATABASE = /^(pg|@prisma\/.*|@electric-sql\/.*|pglite-prisma-adapter)$/;

type Import = { name: string; isType: boolean; isCall: boolean };
/** A file of ours: its path from the repository's root, and where each of its imports leads. */
type Source = { file: string; text: string; imports: Import[] };

const root = path.join(import.meta.dirname, '../..');

function sourceOf(file: string, text = readFileSync(path.join(root, file), 'utf8')): Source {
  const statements = text.matchAll(/^\s*(?:import|export)\s(type\s)?(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]/gm);
  const calls = text.matchAll(/\b(?:import|require)\(\s*['"`]([^'"`]+)['"`]/g);
  const found = [
    ...[...statements].map(([, type, name = '']) => ({ name, isType: type !== undefined, isCall: false })),
    ...[...calls].map(([, name = '']) => ({ name, isType: false, isCall: true })),
  ];
  const led = (name: string) => (name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name) : name);
  return { file, text, imports: found.map(each => ({ ...each, name: led(each.name) })) };
}

const read = (folder: string) =>
  globSync(`${folder}/src/**/*.ts`, { cwd: root })
    .filter(file => !/\.(test|contract|spec)\.ts$|\/generated\//.test(file))
    .map(file => sourceOf(file));

const featureOf = (file: string) => /^relay\/src\/features\/(\w+)\//.exec(file)?.[1];
const isIn = (folder: string, file: string) => file.startsWith(`relay/src/${folder}/`);
const isRoot = (file: string) => /^relay\/src\/(services|app|relay|main)\.ts$/.test(file);

/** Each rule: what an import breaks it. */
const rules: Record<string, (from: string, to: Import) => boolean> = {
  'a feature is entered by its index.ts only': (from, { name }) =>
    featureOf(name) !== undefined && featureOf(name) !== featureOf(from) && !name.endsWith('/index.ts'),
  'a feature knows only the features before it': (from, { name }) => {
    const [mine, theirs] = [featureOf(from), featureOf(name)];
    return mine !== undefined && theirs !== undefined && mine !== theirs && !rankOf(theirs, mine);
  },
  'nobody but the wiring imports platforms': (from, { name }) =>
    isIn('platforms', name) && !isIn('platforms', from) && !isRoot(from),
  'features see the ports of the providers, no adapter': (from, { name }) =>
    isIn('features', from) &&
    (/\/providers\/crm\/(hubspot|salesforce|pipedrive|klaviyo|zoho)\.ts$/.test(name) ||
      /\/providers\/.*\/(openai|anthropic|bedrock|extractive|registry|sentry|silent|resend|stripe)\.ts$/.test(name)),
  'a vendor’s SDK is imported by its adapter only': (from, { name }) =>
    name in SDKS && !from.endsWith(`/${SDKS[name]}`),
  'Shopify’s SDK stays in platforms/shopify/': (from, { name }) =>
    /^@shopify\//.test(name) && !isIn('platforms/shopify', from),
  'what loads Shopify’s SDK is imported when there is an app, and not before': (from, { name, isType, isCall }) =>
    isIn('platforms/shopify', name) && !isIn('platforms/shopify', from) && !isType && !isCall,
  'the database’s packages stay in db/': (from, { name }) => DATABASE.test(name) && !isIn('db', from),
  'Koa stays in http/, app.ts and routes.ts': (from, { name }) =>
    /^(koa|@koa\/.*)$/.test(name) && !isIn('http', from) && !/\/(app|routes)\.ts$/.test(from),
  'lib/ knows nothing of the product': (from, { name }) =>
    isIn('lib', from) && name.startsWith('relay/') && !isIn('lib', name),
};

const rankOf = (theirs: string, mine: string) => (RANKS[theirs] ?? 99) < (RANKS[mine] ?? -1);

const broken = (rule: (from: string, to: Import) => boolean, sources: Source[]) =>
  sources.flatMap(({ file, imports }) =>
    imports.filter(each => rule(file, each)).map(each => `${file} → ${each.name}`),
  );

describe('the relay', () => {
  const sources = read('relay');

  it('was read: every folder of it, and imports of every kind', () => {
    expect(sources.length).toBeGreaterThan(50);
    const folders = new Set(sources.map(({ file }) => file.split('/')[2]));
    for (const folder of ['features', 'platforms', 'providers', 'http', 'jobs', 'lib', 'db', 'main.ts']) {
      expect(folders).toContain(folder);
    }
    const imported = new Set(sources.flatMap(({ imports }) => imports.map(({ name }) => name)));
    for (const name of ['koa', 'openai', '@anthropic-ai/sdk', 'pg-boss', 'relay/src/features/sites/index.ts']) {
      expect(imported).toContain(name);
    }
    expect(new Set(sources.map(({ file }) => featureOf(file)).filter(Boolean))).toEqual(new Set(Object.keys(RANKS)));
  });

  it.each(Object.keys(rules))('keeps to: %s', name => {
    expect(broken(rules[name] as (typeof rules)[string], sources)).toEqual([]);
  });

  const forbidden: [string, string, string][] = [
    [
      'a feature is entered by its index.ts only',
      'features/consent/x.ts',
      "import { siteStore } from '../sites/store.ts';",
    ],
    ['a feature knows only the features before it', 'features/sites/x.ts', "export { y } from '../consent/index.ts';"],
    [
      'a feature knows only the features before it',
      'features/usage/x.ts',
      "import type { Consent } from '../consent/index.ts';",
    ],
    ['nobody but the wiring imports platforms', 'features/sites/x.ts', "import '../../platforms/demo/index.ts';"],
    [
      'features see the ports of the providers, no adapter',
      'features/sites/x.ts',
      "const x = await import('../../providers/llm/openai.ts');",
    ],
    [
      'features see the ports of the providers, no adapter',
      'features/leads/x.ts',
      "import { createHubspot } from '../../providers/crm/hubspot.ts';",
    ],
    ['a vendor’s SDK is imported by its adapter only', 'features/leads/x.ts', "await import('klaviyo-api');"],
    ['a vendor’s SDK is imported by its adapter only', 'services.ts', "import OpenAI from 'openai';"],
    [
      'a vendor’s SDK is imported by its adapter only',
      'features/retention/jobs.ts',
      "import { PgBoss } from 'pg-boss';",
    ],
    ['Shopify’s SDK stays in platforms/shopify/', 'services.ts', "import { shopifyApi } from '@shopify/shopify-api';"],
    [
      'what loads Shopify’s SDK is imported when there is an app, and not before',
      'services.ts',
      "import { createShopify } from './platforms/shopify/index.ts';",
    ],
    ['the database’s packages stay in db/', 'features/sites/store.ts', "import {\n  Prisma,\n} from '@prisma/client';"],
    ['Koa stays in http/, app.ts and routes.ts', 'features/sites/sites.ts', "import type Koa from 'koa';"],
    ['lib/ knows nothing of the product', 'lib/x.ts', "import { x } from '../features/sites/index.ts';"],
  ];
  it.each(forbidden)('would be caught breaking: %s (%s)', (rule, file, text) => {
    expect(broken(rules[rule] as (typeof rules)[string], [sourceOf(`relay/src/${file}`, text)])).toHaveLength(1);
  });

  it('reads the environment where it begins, and nowhere else', () => {
    const readers = sources.filter(({ text }) => /process\s*\.\s*env|process\[/.test(text)).map(({ file }) => file);
    expect(readers.toSorted()).toEqual([
      // The database that is backed up, without the services, which would migrate it; the one that is restored, which is
      // another; and what PostgreSQL's programs are started with.
      'relay/src/cli/backup.ts',
      'relay/src/cli/main.ts',
      'relay/src/cli/restore.ts',
      'relay/src/db/backup.ts',
      'relay/src/main.ts',
    ]);
  });
});

describe('the widget', () => {
  const sources = read('widget-core');
  const onlyTypes = ['@confab/contract/constants', '@confab/contract/texts'];
  const heavy = (_: string, { name, isType }: Import) =>
    /^(zod|@confab\/)/.test(name) && !isType && !onlyTypes.includes(name);

  it('was read', () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.some(({ imports }) => imports.some(({ name }) => name === '@confab/contract'))).toBe(true);
  });

  it('takes types, constants and texts from the contract, and no schema', () => {
    expect(broken(heavy, sources)).toEqual([]);
    const bad = sourceOf('widget-core/src/x.ts', "import { turnRequest } from '@confab/contract';");
    expect(broken(heavy, [bad])).toHaveLength(1);
  });

  it('imports nothing of the relay', () => {
    expect(broken((_, { name }) => /^(relay\/|@confab\/relay)/.test(name), sources)).toEqual([]);
  });

  it('touches document.cookie in one file', () => {
    const files = sources.filter(({ text }) => /document\s*(\.|\[['"])\s*cookie/.test(text)).map(({ file }) => file);
    expect(files).toEqual(['widget-core/src/cookie.ts']);
  });
});

describe('the contract', () => {
  it('does no I/O and imports nothing but zod', () => {
    const sources = read('shared/contract');
    expect(sources.length).toBeGreaterThan(8);
    expect(broken((_, { name }) => !/^(zod$|shared\/contract\/)/.test(name), sources)).toEqual([]);
  });
});
