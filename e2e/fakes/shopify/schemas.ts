import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { buildClientSchema, type GraphQLSchema } from 'graphql';

export type SchemaName =
  | 'admin_2026-10'
  | 'admin_unstable'
  | 'storefront-graphql_2026-10'
  | 'storefront-graphql_unstable'
  | 'partner_2026-07';

export type ShopifySchema = {
  schema: GraphQLSchema;
  /** The access scopes of which a token must have one, for `Type` or `Type.field`. No entry: none is needed. */
  scopes: Map<string, string[]>;
};

type ScopeItem = { type: 'type' | 'field'; typeName: string; fieldName?: string; offlineScopes: string[] };

const folder = join(import.meta.dirname, '../../.shopify');
const loaded = new Map<SchemaName, ShopifySchema>();

/** Shopify's own schema, as scripts/shopify.mjs has fetched it. */
export function shopifySchema(name: SchemaName): ShopifySchema {
  const known = loaded.get(name);
  if (known) return known;
  const { data, offline_scopes } = JSON.parse(gunzipSync(read(name)).toString());
  const made = {
    schema: buildClientSchema(data, { assumeValid: true }),
    scopes: new Map(
      ((offline_scopes?.items ?? []) as ScopeItem[])
        .filter(({ offlineScopes }) => offlineScopes.length > 0)
        .map(item => [item.type === 'type' ? item.typeName : `${item.typeName}.${item.fieldName}`, item.offlineScopes]),
    ),
  };
  loaded.set(name, made);
  return made;
}

function read(name: SchemaName): Buffer {
  try {
    return readFileSync(join(folder, `${name}.json.gz`));
  } catch {
    const how = `node -e 'import("./scripts/shopify.mjs").then(({ prepareShopify }) => prepareShopify())'`;
    throw new Error(`Shopify's schema ${name} is not in ${folder}: npm test fetches it, and so does ${how}`);
  }
}

/** Those scopes, and the reading ones that go with the writing ones. */
export const impliedBy = (scopes: readonly string[]): Set<string> =>
  new Set(scopes.flatMap(scope => [scope, scope.replace(/^write_/, 'read_')]));
