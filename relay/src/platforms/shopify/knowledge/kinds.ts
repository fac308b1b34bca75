import type { DocumentUpsert } from '@confab/contract';
import { BULK_ARTICLES, BULK_COLLECTIONS, BULK_PAGES, BULK_PRODUCTS } from '../operations/bulk.ts';
import {
  type ArticleNode,
  articleDocument,
  type CollectionNode,
  collectionDocument,
  type Mapped,
  type PageNode,
  type ProductNode,
  pageDocument,
  productDocument,
  type Storefront,
  type VariantNode,
} from './documents.ts';

/** What is read by a bulk operation: its query, and what its objects become. */
export type BulkKind = keyof typeof bulkKinds;

type Mapping = {
  query: string;
  // biome-ignore lint/suspicious/noExplicitAny: the query of the same line says what comes
  map: (node: any, children: any[], shop: Storefront) => Mapped | undefined;
};

export const bulkKinds = {
  products: {
    query: BULK_PRODUCTS,
    map: (node: ProductNode, children: VariantNode[], shop) => productDocument(node, children, shop),
  },
  collections: { query: BULK_COLLECTIONS, map: (node: CollectionNode, _, shop) => collectionDocument(node, shop) },
  pages: { query: BULK_PAGES, map: (node: PageNode, _, shop) => pageDocument(node, shop) },
  articles: { query: BULK_ARTICLES, map: (node: ArticleNode, _, shop) => articleDocument(node, shop) },
} satisfies Record<string, Mapping>;

export type Kind = BulkKind | 'policies';

const KIND_OF: Readonly<Record<string, Kind>> = {
  Product: 'products',
  Collection: 'collections',
  Page: 'pages',
  Article: 'articles',
  ShopPolicy: 'policies',
};

/** `gid://shopify/Product/1` → `['products', 1]`; nothing for what no sync of ours has brought. */
export function placeOf(externalId: DocumentUpsert['externalId']): [kind: Kind, number: number] | undefined {
  const [, type = '', number] = /^gid:\/\/shopify\/(\w+)\/(\d+)$/.exec(externalId) ?? [];
  const kind = KIND_OF[type];
  return kind && [kind, Number(number)];
}
