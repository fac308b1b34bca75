import { GraphQLError, type GraphQLResolveInfo, getDirectiveValues } from 'graphql';
import { isForSale, money, onlineStoreUrl, optionsOf, priceRange, textOf } from './admin-api.ts';
import { type Catalogue, originOf, type Product } from './catalogue.ts';
import type { Resolvers } from './execute.ts';

export type StorefrontContext = { catalogue: Catalogue; scopes: readonly string[]; isBulk: boolean };

const image = (picture: { url: string; altText: string | null } | null | undefined) =>
  picture ? { id: null, width: 800, height: 800, thumbhash: null, ...picture } : null;

/** What the Storefront API gives nobody without a token. */
const tokenOnly = (): never => {
  throw new GraphQLError('Access denied. Required access: an access token.', { extensions: { code: 'ACCESS_DENIED' } });
};

function languageOf({ schema, operation, variableValues }: GraphQLResolveInfo): string {
  const directive = schema.getDirective('inContext');
  const values = directive ? getDirectiveValues(directive, operation, variableValues) : undefined;
  return String(values?.language ?? '').toLowerCase();
}

const said = (product: Product, info: GraphQLResolveInfo) => ({
  ...product,
  ...product.translations[languageOf(info)],
});

const variantsOf = (owner: Product) =>
  owner.variants.map(variant => ({ ...variant, __typename: 'ProductVariant', owner }));
const visible = (catalogue: Catalogue) =>
  catalogue.products.filter(product => onlineStoreUrl(product, catalogue) !== null);

function find({ catalogue }: StorefrontContext, id: string) {
  const products = visible(catalogue);
  const product = products.find(each => each.id === id);
  if (product) return { ...product, __typename: 'Product' };
  return products.flatMap(variantsOf).find(each => each.id === id) ?? null;
}

/** The Storefront API without a token: what visitors see, in the language of `@inContext`. */
export const storefrontResolvers: Resolvers<StorefrontContext> = {
  QueryRoot: {
    product: (_, { id, handle }, { catalogue }) =>
      visible(catalogue).find(product => product.id === id || product.handle === handle) ?? null,
    products: (_, __, { catalogue }) => visible(catalogue),
    node: (_, { id }, context) => find(context, id),
    nodes: (_, { ids }: { ids: string[] }, context) => ids.map(id => find(context, id)),
    shop: (_, __, { catalogue: { shop } }) => ({
      ...shop,
      primaryDomain: { host: new URL(originOf(shop)).host, url: originOf(shop), sslEnabled: true },
    }),
  },
  Product: {
    title: (product, _, __, info) => said(product, info).title,
    descriptionHtml: (product, _, __, info) => said(product, info).descriptionHtml,
    description: (product, _, __, info) => textOf(said(product, info).descriptionHtml),
    onlineStoreUrl: (product, _, { catalogue }) => onlineStoreUrl(product, catalogue),
    availableForSale: ({ variants }: Product) => variants.some(isForSale),
    featuredImage: ({ images }: Product) => image(images[0]),
    images: ({ images }: Product) => images.map(image),
    options: optionsOf,
    priceRange: (product, _, { catalogue }) => priceRange(product, catalogue),
    variants: variantsOf,
    variantsCount: ({ variants }: Product) => ({ count: variants.length, precision: 'EXACT' }),
    selectedOrFirstAvailableVariant: (product: Product) =>
      variantsOf(product).find(isForSale) ?? variantsOf(product)[0] ?? null,
    collections: ({ id }: Product, _, { catalogue }) =>
      catalogue.collections.filter(({ products, published }) => published && products.includes(id)),
    isGiftCard: () => false,
    requiresSellingPlan: () => false,
    seo: () => ({ title: null, description: null }),
    tags: tokenOnly,
    totalInventory: tokenOnly,
    metafield: tokenOnly,
    metafields: tokenOnly,
  },
  ProductVariant: {
    availableForSale: isForSale,
    currentlyNotInStock: ({ inventoryQuantity }) => inventoryQuantity <= 0,
    price: ({ price }, _, { catalogue }) => money(price, catalogue),
    compareAtPrice: ({ compareAtPrice }, _, { catalogue }) =>
      compareAtPrice ? money(compareAtPrice, catalogue) : null,
    product: ({ owner }) => owner,
    image: ({ image: own, owner }) => image(own ?? owner.images[0]),
    quantityAvailable: tokenOnly,
    requiresShipping: () => true,
    unitPrice: () => null,
  },
};
