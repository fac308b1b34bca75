import type { Knowledge } from '../../../features/knowledge/index.ts';
import type { Site, Sites } from '../../../features/sites/index.ts';
import type { Admin } from '../admin.ts';
import { CHANGED_COLLECTIONS, CHANGED_PRODUCTS } from '../operations/knowledge.ts';
import type { Shops } from '../shops.ts';
import {
  type CollectionNode,
  collectionDocument,
  type Mapped,
  type ProductNode,
  productDocument,
  type Storefront,
  type VariantNode,
} from './documents.ts';
import { type ShopBasics, storefrontOf } from './storefront.ts';
import { takeDocuments } from './take-documents.ts';

/** A query may cost 1,000 points, and a product with 100 variants some 110 of them. */
const PRODUCTS_AT_ONCE = 8;
const COLLECTIONS_AT_ONCE = 50;

type Deps = {
  shops: Pick<Shops, 'byDomain'>;
  sites: Pick<Sites, 'byId'>;
  knowledge: Pick<Knowledge, 'sync'>;
  admin: Pick<Admin, 'request'>;
  now: () => Date;
};

/** Global ids of what has changed, was made or was deleted. */
export type Changes = { products: readonly string[]; collections: readonly string[] };

export type ApplyChanges = ReturnType<typeof createApplyChanges>;

/**
 * Reads what has changed as it stands now, and has the knowledge say so: what visitors see is taken in, what they do not
 * see (any more) goes. So it does not matter in which order the changes are heard of, or how often. Throws a
 * `ShopifyFault` where Shopify does not answer; then it may be called again.
 */
export function createApplyChanges({ shops, sites, knowledge, admin, now }: Deps) {
  return async (domain: string, { products, collections }: Changes, signal: AbortSignal): Promise<void> => {
    const shop = await shops.byDomain(domain);
    const site = shop && shop.uninstalledAt === null && (await sites.byId(shop.siteId));
    if (!site) return;

    for (const ids of slices(products, PRODUCTS_AT_ONCE)) {
      type Changed = ShopBasics & { nodes: ((ProductNode & { variants: { nodes: VariantNode[] } }) | null)[] };
      const data = await admin.request<Changed>(domain, CHANGED_PRODUCTS, { variables: { ids }, signal });
      await take(site, ids, data, (product, storefront) =>
        productDocument(product, product.variants.nodes, storefront),
      );
    }

    for (const ids of slices(collections, COLLECTIONS_AT_ONCE)) {
      const terms = ids.map(id => `id:${id.split('/').pop()}`);
      const published = `published_status:published AND (${terms.join(' OR ')})`;
      type Changed = ShopBasics & { nodes: (CollectionNode | null)[]; collections: { nodes: { id: string }[] } };
      const data = await admin.request<Changed>(domain, CHANGED_COLLECTIONS, { variables: { ids, published }, signal });
      const shown = new Set(data.collections.nodes.map(({ id }) => id));
      await take(site, ids, data, (collection, storefront) =>
        shown.has(collection.id) ? collectionDocument(collection, storefront) : undefined,
      );
    }
  };

  async function take<Node extends { id: string }>(
    site: Site,
    ids: string[],
    data: ShopBasics & { nodes: (Node | null)[] },
    map: (node: Node, storefront: Storefront) => Mapped | undefined,
  ): Promise<void> {
    const storefront = storefrontOf(data, site, now());
    const upsert = data.nodes.flatMap(node => (node && map(node, storefront)?.document) ?? []);
    const visible = new Set(upsert.map(({ externalId }) => externalId));
    await takeDocuments(knowledge, site, { upsert, delete: ids.filter(id => !visible.has(id)) });
  }
}

function* slices(ids: readonly string[], size: number): Generator<string[]> {
  const each = [...new Set(ids)];
  for (let at = 0; at < each.length; at += size) yield each.slice(at, at + size);
}
