import { randomInt } from 'node:crypto';
import { GraphQLError } from 'graphql';
import type { Bulk } from './bulk.ts';
import {
  type Catalogue,
  type Customer,
  gid,
  numberOf,
  type Order,
  originOf,
  type Product,
  type Variant,
} from './catalogue.ts';
import type { Resolvers } from './execute.ts';
import { impliedBy } from './schemas.ts';

export type AdminContext = {
  domain: string;
  catalogue: Catalogue;
  scopes: readonly string[];
  isBulk: boolean;
  ignoresFilters: boolean;
  bulk: Bulk;
  apiKey: string;
};

// biome-ignore lint/suspicious/noExplicitAny: the schema checks what comes in
type Any = any;

const byId = <Item extends { id: string }>(items: readonly Item[], id: string): Item | null =>
  items.find(item => item.id === id) ?? null;

/** The text of some HTML, as Shopify's `description` has it. */
export const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim();

export const isForSale = ({ tracked, inventoryQuantity, inventoryPolicy }: Variant): boolean =>
  !tracked || inventoryQuantity > 0 || inventoryPolicy === 'CONTINUE';

/** Where visitors see a product; null while they cannot. */
export const onlineStoreUrl = ({ status, publishedAt, handle }: Product, { shop }: Catalogue): string | null =>
  status === 'ACTIVE' && publishedAt && !shop.hasPassword ? `${originOf(shop)}/products/${handle}` : null;

export const money = (amount: string, { shop }: Catalogue) => ({ amount, currencyCode: shop.currencyCode });

/** The lowest and the highest price of a product. */
export function priceRange({ variants }: Product, catalogue: Catalogue) {
  const prices = variants.map(({ price }) => price).toSorted((a, b) => Number(a) - Number(b));
  return {
    minVariantPrice: money(prices[0] ?? '0.0', catalogue),
    maxVariantPrice: money(prices.at(-1) ?? '0.0', catalogue),
  };
}

/** The options of a product, as its variants have them. */
export function optionsOf({ id, variants }: Product) {
  const values = new Map<string, Set<string>>();
  for (const { name, value } of variants.flatMap(({ selectedOptions }) => selectedOptions)) {
    values.set(name, (values.get(name) ?? new Set()).add(value));
  }
  return [...values].map(([name, set], at) => ({
    id: gid('ProductOption', `${numberOf(id)}${at}`),
    name,
    position: at + 1,
    values: [...set],
    optionValues: [...set].map(value => ({ id: gid('ProductOptionValue', `${numberOf(id)}${at}`), name: value })),
  }));
}

const count = (items: readonly unknown[]) => ({ count: items.length, precision: 'EXACT' });
const bag = (amount: string, catalogue: Catalogue) => ({
  shopMoney: money(amount, catalogue),
  presentmentMoney: money(amount, catalogue),
});
const image = (picture: { url: string; altText: string | null } | null) =>
  picture && { id: null, width: 800, height: 800, thumbhash: null, ...picture };
const mediaOf = (images: Product['images'], owner: string) =>
  images.map((picture, at) => ({
    __typename: 'MediaImage',
    id: gid('MediaImage', `${numberOf(owner)}${at}`),
    alt: picture.altText,
    mediaContentType: 'IMAGE',
    status: 'READY',
    image: image(picture),
    preview: { image: image(picture), status: 'READY' },
  }));
const legacyResourceId = ({ id }: { id: string }) => numberOf(id);
const none = { metafield: () => null, translations: () => [], templateSuffix: () => null };

const find = ({ catalogue }: AdminContext, id: string) =>
  byId<{ id: string }>(
    [
      ...catalogue.products,
      ...catalogue.collections,
      ...catalogue.pages,
      ...catalogue.articles,
      ...catalogue.policies,
      ...catalogue.customers,
      ...catalogue.orders,
    ],
    id,
  ) ?? variantById(catalogue, id);

function variantById({ products }: Catalogue, id: string) {
  const owner = products.find(({ variants }) => variants.some(variant => variant.id === id));
  return owner ? (variantsOf(owner).find(variant => variant.id === id) ?? null) : null;
}

const variantsOf = (owner: Product) => owner.variants.map((variant, at) => ({ ...variant, owner, position: at + 1 }));

const named = (id: string, item: { id: string } | null) =>
  item && { ...item, __typename: /^gid:\/\/shopify\/(\w+)\//.exec(id)?.[1] };

/** The Admin API over a catalogue. */
export const adminResolvers: Resolvers<AdminContext> = {
  QueryRoot: {
    shop: () => ({}),
    product: (_, { id }, { catalogue }) => byId(catalogue.products, id),
    products: (_, __, { catalogue }) => catalogue.products,
    productsCount: (_, __, { catalogue }) => count(catalogue.products),
    productVariant: (_, { id }, { catalogue }) => variantById(catalogue, id),
    collection: (_, { id }, { catalogue }) => byId(catalogue.collections, id),
    collections: (_, __, { catalogue }) => catalogue.collections,
    page: (_, { id }, { catalogue }) => byId(catalogue.pages, id),
    pages: (_, __, { catalogue }) => catalogue.pages,
    article: (_, { id }, { catalogue }) => byId(catalogue.articles, id),
    articles: (_, __, { catalogue }) => catalogue.articles,
    customer: (_, { id }, { catalogue }) => byId(catalogue.customers, id),
    customers: (_, __, { catalogue }) => catalogue.customers,
    customerByIdentifier: (_, { identifier }, { catalogue }) =>
      catalogue.customers.find(
        ({ id, email, phone }) =>
          id === identifier.id ||
          (email !== null && email.toLowerCase() === identifier.emailAddress?.toLowerCase()) ||
          (phone !== null && phone === identifier.phoneNumber),
      ) ?? null,
    order: (_, { id }, { catalogue }) => byId(catalogue.orders, id),
    orders: (_, __, { catalogue }) => catalogue.orders,
    node: (_, { id }, context) => named(id, find(context, id)),
    nodes: (_, { ids }: { ids: string[] }, context) => ids.map(id => named(id, find(context, id))),
    currentAppInstallation: (_, __, context) => ({ id: installationId(context) }),
    bulkOperation: (_, { id }, { bulk }) => bulk.operation(id),
    bulkOperations: (_, __, { bulk }) => bulk.operations(),
    onlineStore: (_, __, { catalogue: { shop } }) => ({ passwordProtection: { enabled: shop.hasPassword } }),
    shopLocales: (_, __, { catalogue: { shop } }) => [
      { locale: shop.locale, name: 'x', primary: true, published: true },
    ],
  },

  Shop: {
    ...Object.fromEntries(
      ['id', 'name', 'email', 'currencyCode', 'ianaTimezone'].map(name => [
        name,
        (_: Any, __: Any, { catalogue }: AdminContext) => catalogue.shop[name as 'id'],
      ]),
    ),
    contactEmail: (_, __, { catalogue }) => catalogue.shop.email,
    description: () => null,
    myshopifyDomain: (_, __, { domain }) => domain,
    url: (_, __, { catalogue }) => originOf(catalogue.shop),
    primaryDomain: (_, __, { catalogue: { shop } }) => ({
      id: gid('Domain', numberOf(shop.id)),
      host: new URL(originOf(shop)).host,
      url: originOf(shop),
      sslEnabled: true,
      localization: { defaultLocale: shop.locale, alternateLocales: [], country: null },
    }),
    plan: (_, __, { catalogue }) => ({
      partnerDevelopment: catalogue.shop.partnerDevelopment,
      publicDisplayName: 'Basic',
      shopifyPlus: false,
    }),
    shopAddress: (_, __, { catalogue: { shop } }) => ({
      id: gid('ShopAddress', numberOf(shop.id)),
      countryCodeV2: shop.countryCode,
      country: shop.countryCode,
    }),
    billingAddress: (_, __, { catalogue }) => ({ countryCodeV2: catalogue.shop.countryCode }),
    shopPolicies: (_, __, { catalogue }) => catalogue.policies,
    metafield: () => null,
    translations: () => [],
  },

  ShopPolicy: {
    url: ({ type }, _, { catalogue: { shop } }) =>
      `${originOf(shop)}/policies/${type.toLowerCase().replaceAll('_', '-')}`,
    translations: () => [],
  },

  Product: {
    ...none,
    legacyResourceId,
    description: ({ descriptionHtml }: Product) => textOf(descriptionHtml),
    onlineStoreUrl: (product, _, { catalogue }) => onlineStoreUrl(product, catalogue),
    onlineStorePreviewUrl: ({ handle }, _, { catalogue: { shop } }) =>
      `${originOf(shop)}/products/${handle}?preview_key=1`,
    featuredMedia: ({ id, images }: Product) => mediaOf(images, id)[0] ?? null,
    media: ({ id, images }: Product) => mediaOf(images, id),
    mediaCount: ({ images }: Product) => count(images),
    options: optionsOf,
    priceRangeV2: (product, _, { catalogue }) => priceRange(product, catalogue),
    totalInventory: ({ variants }: Product) =>
      variants.reduce((sum, { inventoryQuantity }) => sum + inventoryQuantity, 0),
    tracksInventory: ({ variants }: Product) => variants.some(({ tracked }) => tracked),
    hasOnlyDefaultVariant: ({ variants }: Product) => variants.length === 1 && variants[0]?.title === 'Default Title',
    hasOutOfStockVariants: ({ variants }: Product) => variants.some(variant => !isForSale(variant)),
    variants: variantsOf,
    variantsCount: ({ variants }: Product) => count(variants),
    collections: ({ id }: Product, _, { catalogue }) =>
      catalogue.collections.filter(({ products }) => products.includes(id)),
    isGiftCard: () => false,
    category: () => null,
    seo: () => ({ title: null, description: null }),
  },

  ProductVariant: {
    ...none,
    legacyResourceId,
    availableForSale: isForSale,
    displayName: ({ owner, title }) => `${owner.title} - ${title}`,
    product: ({ owner }) => owner,
    inventoryItem: ({ id, tracked, sku }) => ({ id: id.replace('ProductVariant', 'InventoryItem'), tracked, sku }),
    sellableOnlineQuantity: ({ inventoryQuantity }) => inventoryQuantity,
    media: ({ id, image: picture }) => (picture ? mediaOf([picture], id) : []),
    image: ({ image: picture }) => image(picture),
    barcode: () => null,
    createdAt: ({ owner }) => owner.createdAt,
    updatedAt: ({ owner }) => owner.updatedAt,
    taxable: () => true,
    unitPrice: () => null,
    unitPriceMeasurement: () => null,
    showUnitPrice: () => false,
  },

  Collection: {
    ...none,
    legacyResourceId,
    description: ({ descriptionHtml }) => textOf(descriptionHtml),
    image: ({ image: picture }) => image(picture),
    products: ({ products }: { products: string[] }, _, { catalogue }) =>
      products.flatMap(id => byId(catalogue.products, id) ?? []),
    productsCount: ({ products }) => count(products),
    publishedOnPublication: ({ published }) => published,
    publishedOnCurrentPublication: ({ published }) => published,
    seo: () => ({ title: null, description: null }),
  },

  Page: { ...none, bodySummary: ({ body }) => textOf(body) },
  Article: { ...none, author: ({ author }) => ({ name: author }), image: () => null },

  Customer: {
    legacyResourceId,
    metafield: () => null,
    displayName: ({ firstName, lastName, email }: Customer) => [firstName, lastName].filter(Boolean).join(' ') || email,
    defaultEmailAddress: ({ email, marketingState, marketingOptInLevel, consentUpdatedAt }: Customer) =>
      email === null
        ? null
        : {
            emailAddress: email,
            marketingState,
            marketingOptInLevel,
            marketingUpdatedAt: consentUpdatedAt,
            validFormat: true,
          },
    emailMarketingConsent: ({ email, marketingState, marketingOptInLevel, consentUpdatedAt }: Customer) =>
      email === null ? null : { marketingState, marketingOptInLevel, consentUpdatedAt },
    defaultPhoneNumber: ({ phone }: Customer) => (phone === null ? null : { phoneNumber: phone }),
    orders: ({ id }: Customer, _, { catalogue }) => catalogue.orders.filter(({ customer }) => customer === id),
    numberOfOrders: ({ id }: Customer, _, { catalogue }) =>
      String(catalogue.orders.filter(({ customer }) => customer === id).length),
    locale: (_, __, { catalogue }) => catalogue.shop.locale,
    state: () => 'DISABLED',
    verifiedEmail: () => true,
    defaultAddress: () => null,
  },

  Order: {
    legacyResourceId,
    metafield: () => null,
    number: ({ id }: Order) => Number(numberOf(id)),
    customer: ({ customer }: Order, _, { catalogue }) => (customer ? byId(catalogue.customers, customer) : null),
    ...Object.fromEntries(
      [
        'totalPriceSet',
        'currentTotalPriceSet',
        'originalTotalPriceSet',
        'currentSubtotalPriceSet',
        'subtotalPriceSet',
      ].map(name => [name, ({ total }: Order, _: Any, { catalogue }: AdminContext) => bag(total, catalogue)]),
    ),
    currencyCode: (_, __, { catalogue }) => catalogue.shop.currencyCode,
    fulfillments: ({ fulfillments }: Order, { first }: { first?: number }) =>
      fulfillments.slice(0, first).map((each, at) => ({ name: `F${at + 1}`, updatedAt: each.createdAt, ...each })),
    fulfillmentsCount: ({ fulfillments }: Order) => count(fulfillments),
    cancelReason: ({ cancelledAt }: Order) => (cancelledAt ? 'CUSTOMER' : null),
    closed: () => false,
    closedAt: () => null,
    confirmed: () => true,
    test: () => false,
    email: () => null,
    phone: () => null,
    note: () => null,
    tags: () => [],
    returnStatus: () => 'NO_RETURN',
    shippingAddress: () => null,
    shippingLine: () => null,
  },

  LineItem: {
    name: ({ title, variantTitle }) => [title, variantTitle].filter(Boolean).join(' - '),
    currentQuantity: ({ quantity }) => quantity,
    unfulfilledQuantity: ({ quantity }) => quantity,
    image: () => null,
    sku: () => null,
    product: () => null,
    variant: () => null,
  },

  AppInstallation: {
    accessScopes: (_, __, { scopes }) => scopes.map(handle => ({ handle, description: handle })),
    metafield: (_, { namespace, key }, context) => metafield(context, `${namespace}.${key}`),
    metafields: (_, { namespace }: { namespace?: string }, context) =>
      Object.keys(context.catalogue.metafields)
        .filter(name => namespace === undefined || name.startsWith(`${namespace}.`))
        .map(name => metafield(context, name)),
    app: (_, __, { apiKey }) => ({ id: gid('App', 1), apiKey, handle: 'confab', title: 'Confab' }),
  },

  Mutation: {
    metafieldsSet,
    metafieldsDelete(_, { metafields }, { catalogue }) {
      for (const { namespace, key } of metafields) delete catalogue.metafields[`${namespace}.${key}`];
      return { deletedMetafields: metafields, userErrors: [] };
    },
    customerCreate,
    customerEmailMarketingConsentUpdate,
    tagsAdd,
    bulkOperationRunQuery: (_, args, { bulk, scopes }) => bulk.run(args, scopes),
    bulkOperationCancel: (_, { id }, { bulk }) => bulk.cancel(id),
  },
};

const installationId = ({ catalogue }: AdminContext) => gid('AppInstallation', numberOf(catalogue.shop.id));

function metafield(context: AdminContext, name: string) {
  const [namespace = '', key = ''] = name.split('.');
  const known = context.catalogue.metafields[name];
  const id = gid('Metafield', Object.keys(context.catalogue.metafields).indexOf(name) + 1);
  return known ? { id, namespace, key, ...known } : null;
}

const error = (field: string[], message: string, code?: string) => ({ field, message, ...(code && { code }) });

function metafieldsSet(_: Any, { metafields }: Any, context: AdminContext) {
  if (metafields.length > 25)
    return { metafields: null, userErrors: [error(['metafields'], 'Exceeded the maximum of 25.')] };
  const userErrors = metafields.flatMap((each: Any, at: number) => {
    const field = ['metafields', String(at)];
    if (each.ownerId !== installationId(context))
      return error([...field, 'ownerId'], 'Owner does not exist.', 'INVALID');
    if (!each.type) return error([...field, 'type'], "can't be blank", 'BLANK');
    if (!isOfType(each.type, each.value)) return error([...field, 'value'], `must be ${each.type}`, 'INVALID_VALUE');
    return [];
  });
  if (userErrors.length > 0) return { metafields: null, userErrors };
  for (const { namespace, key, type, value } of metafields) {
    context.catalogue.metafields[`${namespace}.${key}`] = { type, value };
  }
  return {
    metafields: metafields.map(({ namespace, key }: Any) => metafield(context, `${namespace}.${key}`)),
    userErrors,
  };
}

function isOfType(type: string, value: string): boolean {
  if (type === 'boolean') return value === 'true' || value === 'false';
  if (type === 'json') return isJson(value);
  return value !== '' && (type !== 'single_line_text_field' || !value.includes('\n'));
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

const isEmail = (email: string) => /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/.test(email);
const isE164 = (phone: string) => /^\+[1-9]\d{6,14}$/.test(phone);

function customerCreate(_: Any, { input }: Any, { catalogue }: AdminContext) {
  const { email = null, phone = null, firstName = null, lastName = null, note = null, tags = [] } = input;
  const taken = (field: 'email' | 'phone', value: string) =>
    catalogue.customers.some(each => each[field]?.toLowerCase() === value.toLowerCase());
  const userErrors = [
    ...(email !== null && !isEmail(email) ? [error(['email'], 'Email is invalid')] : []),
    ...(email !== null && taken('email', email) ? [error(['email'], 'Email has already been taken')] : []),
    ...(phone !== null && !isE164(phone) ? [error(['phone'], 'Phone is invalid')] : []),
    ...(phone !== null && taken('phone', phone) ? [error(['phone'], 'Phone has already been taken')] : []),
    ...(tags.some((tag: string) => tag.length > 40) ? [error(['tags'], 'Tags is too long')] : []),
    ...((email ?? phone ?? firstName ?? lastName) === null
      ? [error([], 'Customer must have a name, phone number or email address')]
      : []),
  ];
  if (userErrors.length > 0) return { customer: null, userErrors };
  const now = new Date().toISOString();
  const consent = input.emailMarketingConsent;
  const made: Customer = {
    id: gid('Customer', randomInt(10_000, 2 ** 40)),
    email,
    phone,
    firstName,
    lastName,
    note,
    tags: [...tags],
    marketingState: consent?.marketingState ?? 'NOT_SUBSCRIBED',
    marketingOptInLevel: consent?.marketingOptInLevel ?? null,
    consentUpdatedAt: consent?.consentUpdatedAt ?? null,
    createdAt: now,
    updatedAt: now,
  };
  catalogue.customers.push(made);
  return { customer: made, userErrors };
}

function customerEmailMarketingConsentUpdate(_: Any, { input }: Any, { catalogue }: AdminContext) {
  const known = byId(catalogue.customers, input.customerId);
  if (!known) return { customer: null, userErrors: [error(['input', 'customerId'], 'Customer not found', 'INVALID')] };
  if (known.email === null) {
    const missing = error(['input', 'emailMarketingConsent'], 'The customer has no email address', 'INVALID');
    return { customer: null, userErrors: [missing] };
  }
  const { marketingState, marketingOptInLevel, consentUpdatedAt } = input.emailMarketingConsent;
  known.marketingState = marketingState;
  known.marketingOptInLevel = marketingOptInLevel ?? null;
  known.consentUpdatedAt = consentUpdatedAt ?? null;
  return { customer: known, userErrors: [] };
}

function tagsAdd(_: Any, { id, tags }: Any, { catalogue, scopes }: AdminContext) {
  // The schema's table has no scope for it, since it depends on what the tags are for.
  if (id.includes('/Customer/') && !impliedBy(scopes).has('write_customers')) {
    throw new GraphQLError('Access denied for tagsAdd field. Required access: `write_customers` access scope.', {
      extensions: { code: 'ACCESS_DENIED' },
    });
  }
  const known = byId(catalogue.customers, id);
  if (!known) return { node: null, userErrors: [error(['id'], 'Customer does not exist')] };
  known.tags = [...new Set([...known.tags, ...tags])];
  return { node: { ...known, __typename: 'Customer' }, userErrors: [] };
}
