import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OPTIONAL_SCOPES, REQUIRED_SCOPES } from '@confab/relay/platforms/shopify/scopes.ts';
import { getNamedType, NoDeprecatedCustomRule, parse, TypeInfo, validate, visit, visitWithTypeInfo } from 'graphql';
import { describe, expect, it } from 'vitest';
import { whyRefused } from './fakes/shopify/bulk.ts';
import { impliedBy, type SchemaName, shopifySchema } from './fakes/shopify/schemas.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'relay/src/platforms/shopify/operations');

type Operation = { file: string; name: string; text: string };

/** Every GraphQL document that the relay sends. */
const operations: Operation[] = (
  await Promise.all(
    globSync('*.ts', { cwd: folder }).map(async path => {
      const texts: Record<string, string> = await import(join(folder, path));
      return Object.entries(texts).map(([name, text]) => ({ file: basename(path, '.ts'), name, text }));
    }),
  )
).flat();

/** What the API of an operation is at the version that we use, and what it will be. */
function schemasOf({ file }: Operation): { pinned: SchemaName; next: SchemaName } {
  if (file === 'partner') return { pinned: 'partner_2026-07', next: 'partner_2026-07' };
  if (file === 'storefront') return { pinned: 'storefront-graphql_2026-10', next: 'storefront-graphql_unstable' };
  return { pinned: 'admin_2026-10', next: 'admin_unstable' };
}

const isAdmin = (operation: Operation) => schemasOf(operation).pinned.startsWith('admin');
const faultsOf = (name: SchemaName, { text }: Operation, rules?: Parameters<typeof validate>[2]) =>
  validate(shopifySchema(name).schema, parse(text), rules).map(({ message }) => message);

describe.each(operations)('$name of $file', operation => {
  const { pinned, next } = schemasOf(operation);

  it('is right for the version that we use, without anything that is deprecated there', () => {
    expect(faultsOf(pinned, operation)).toEqual([]);
    expect(faultsOf(pinned, operation, [NoDeprecatedCustomRule])).toEqual([]);
  });

  it('is right for the version to come', () => {
    expect(faultsOf(next, operation)).toEqual([]);
  });
});

it.each(operations.filter(({ file }) => file === 'bulk'))(
  '$name keeps to the limits of bulk operations',
  ({ text }) => {
    expect(whyRefused(text, shopifySchema('admin_2026-10').schema)).toBeUndefined();
  },
);

it('looks at operations of every kind', () => {
  const files = new Set(operations.map(({ file }) => file));
  expect([...files].toSorted()).toEqual([
    'bulk',
    'customers',
    'install',
    'knowledge',
    'orders',
    'partner',
    'storefront',
  ]);
});

describe('the scopes', () => {
  /** For each place of an operation that needs one: the scopes of which one will do, by the schema's own table. */
  function needsOf({ text }: Operation): string[][] {
    const { schema, scopes } = shopifySchema('admin_2026-10');
    const info = new TypeInfo(schema);
    const places = new Set<string>();
    visit(
      parse(text),
      visitWithTypeInfo(info, {
        Field() {
          const type = getNamedType(info.getType() ?? undefined)?.name.replace(/Connection$/, '');
          const parent = info.getParentType()?.name;
          places.add(`${parent}.${info.getFieldDef()?.name}`).add(type ?? '');
        },
        InlineFragment: node => void places.add(node.typeCondition?.name.value ?? ''),
      }),
    );
    // What the table leaves open, since it depends on what the tags are for.
    const tags = places.has('Mutation.tagsAdd') ? [['write_customers']] : [];
    return [...[...places].flatMap(place => (scopes.has(place) ? [scopes.get(place) ?? []] : [])), ...tags];
  }

  const missing = (needs: string[][], granted: readonly string[]) => {
    const has = impliedBy(granted);
    return needs.filter(some => !some.some(scope => has.has(scope)));
  };
  const optional = new Set(['customers', 'orders']);
  const ofAll = operations.filter(isAdmin);
  const needsOfSome = (isOptional: boolean) =>
    ofAll.filter(({ file }) => optional.has(file) === isOptional).flatMap(needsOf);

  it('that every shop grants are enough for all but customers and orders, and none is more than that', () => {
    const needs = needsOfSome(false);
    expect(missing(needs, REQUIRED_SCOPES)).toEqual([]);
    // The app proxy needs its own, which no operation shows.
    const needed = REQUIRED_SCOPES.filter(scope => scope !== 'write_app_proxy');
    expect(needed.filter(scope => missing(needs, without(needed, scope)).length === 0)).toEqual([]);
  });

  it('that are asked for later are enough for customers and orders, and none is more than that', () => {
    const needs = needsOfSome(true);
    expect(missing(needs, [...REQUIRED_SCOPES, ...OPTIONAL_SCOPES])).toEqual([]);
    // To write customers is to read them; Shopify wants both to be named.
    const needed = OPTIONAL_SCOPES.filter(scope => scope !== 'read_customers');
    expect(needed.filter(scope => missing(needs, without(needed, scope)).length === 0)).toEqual([]);
  });

  it('are those of shopify.app.toml', () => {
    const toml = readFileSync(join(root, 'plugins/shopify/shopify.app.toml'), 'utf8');
    const listed = (key: string) => valueIn(toml, 'access_scopes', key).match(/\w+/g)?.toSorted();
    expect(listed('scopes')).toEqual([...REQUIRED_SCOPES].toSorted());
    expect(listed('optional_scopes')).toEqual([...OPTIONAL_SCOPES].toSorted());
  });
});

const without = (scopes: readonly string[], scope: string) => scopes.filter(each => each !== scope);

/** A value as it stands in a TOML file. */
function valueIn(toml: string, table: string, key: string): string {
  const [, body = ''] = new RegExp(`^\\[${table}\\]$([\\s\\S]*?)(?=^\\[|(?![\\s\\S]))`, 'm').exec(toml) ?? [];
  const [, value = ''] = new RegExp(`^\\s*${key}\\s*=\\s*("[^"]*"|\\[[^\\]]*\\])`, 'm').exec(body) ?? [];
  return value;
}
