/** What a fake shop holds: plain objects, for tests to change as they like. Ids are Shopify's global ids. */
export type Catalogue = {
  shop: ShopData;
  products: Product[];
  collections: Collection[];
  pages: Page[];
  articles: Article[];
  policies: Policy[];
  customers: Customer[];
  orders: Order[];
  /** App-data metafields, by `namespace.key`. */
  metafields: Record<string, { type: string; value: string }>;
};

export type ShopData = {
  id: string;
  name: string;
  email: string;
  currencyCode: string;
  ianaTimezone: string;
  /** The shop's first language. */
  locale: string;
  countryCode: string;
  /** Its host; or an origin, where the storefront is none of Shopify's but a stub on this machine. */
  primaryDomain: string;
  /** A development store. */
  partnerDevelopment: boolean;
  /** The online store asks visitors for a password, as one that has not opened does. */
  hasPassword: boolean;
};

export type Variant = {
  id: string;
  title: string;
  sku: string | null;
  price: string;
  compareAtPrice: string | null;
  inventoryQuantity: number;
  /** Whether it may be bought when none is left. */
  inventoryPolicy: 'DENY' | 'CONTINUE';
  tracked: boolean;
  selectedOptions: { name: string; value: string }[];
  image: Picture | null;
};

export type Picture = { url: string; altText: string | null };

export type Product = {
  id: string;
  title: string;
  handle: string;
  descriptionHtml: string;
  vendor: string;
  productType: string;
  tags: string[];
  status: 'ACTIVE' | 'DRAFT' | 'ARCHIVED';
  /** When it came to the online store; null when it is not there. */
  publishedAt: string | null;
  createdAt: string;
  updatedAt: string;
  images: Picture[];
  variants: Variant[];
  /** By language: what the Storefront API gives in that language. */
  translations: Record<string, { title?: string; descriptionHtml?: string }>;
};

export type Collection = {
  id: string;
  title: string;
  handle: string;
  descriptionHtml: string;
  updatedAt: string;
  image: Picture | null;
  published: boolean;
  /** Global ids of its products. */
  products: string[];
};

export type Page = {
  id: string;
  title: string;
  handle: string;
  body: string;
  isPublished: boolean;
  publishedAt: string | null;
  createdAt: string;
  updatedAt: string;
};

export type Article = Page & {
  summary: string | null;
  blog: { id: string; handle: string; title: string };
  author: string;
  tags: string[];
};

export type Policy = { id: string; type: string; title: string; body: string; createdAt: string; updatedAt: string };

export type Customer = {
  id: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  phone: string | null;
  tags: string[];
  note: string | null;
  marketingState: 'NOT_SUBSCRIBED' | 'SUBSCRIBED' | 'UNSUBSCRIBED' | 'PENDING' | 'INVALID';
  marketingOptInLevel: string | null;
  consentUpdatedAt: string | null;
  createdAt: string;
  updatedAt: string;
};

export type Order = {
  id: string;
  name: string;
  /** The global id of the customer; null for a guest. */
  customer: string | null;
  processedAt: string;
  createdAt: string;
  updatedAt: string;
  cancelledAt: string | null;
  displayFinancialStatus: string;
  displayFulfillmentStatus: string;
  total: string;
  statusPageUrl: string;
  lineItems: { id: string; title: string; variantTitle: string | null; quantity: number }[];
  fulfillments: {
    id: string;
    status: string;
    displayStatus: string | null;
    createdAt: string;
    estimatedDeliveryAt: string | null;
    deliveredAt: string | null;
    trackingInfo: { company: string | null; number: string | null; url: string | null }[];
  }[];
};

const WHEN = '2026-06-01T10:00:00Z';

/** Shopify's global id. */
export const gid = (type: string, id: number | string): string => `gid://shopify/${type}/${id}`;

/** The number at the end of a global id. */
export const numberOf = (id: string): string => id.split('/').pop()?.split('?')[0] ?? '';

/** Where visitors find the shop. */
export const originOf = ({ primaryDomain }: ShopData): string =>
  primaryDomain.includes('://') ? primaryDomain : `https://${primaryDomain}`;

/** A product of the shop with these things different. `n` gives its ids and its handle. */
export function product(n: number, more: Partial<Product> = {}): Product {
  const title = more.title ?? `Jumper No. ${n}`;
  return {
    id: gid('Product', n),
    title,
    handle: handleOf(title),
    descriptionHtml: `<p>${title} is knitted from <b>Shetland wool</b>.</p>`,
    vendor: 'Kittiwake',
    productType: 'Jumper',
    tags: ['wool'],
    status: 'ACTIVE',
    publishedAt: WHEN,
    createdAt: WHEN,
    updatedAt: WHEN,
    images: [],
    variants: [variant(n * 100 + 1)],
    translations: {},
    ...more,
  };
}

/** A variant with these things different. */
export function variant(n: number, more: Partial<Variant> = {}): Variant {
  return {
    id: gid('ProductVariant', n),
    title: 'Default Title',
    sku: `SKU-${n}`,
    price: '119.00',
    compareAtPrice: null,
    inventoryQuantity: 5,
    inventoryPolicy: 'DENY',
    tracked: true,
    selectedOptions: [{ name: 'Title', value: 'Default Title' }],
    image: null,
    ...more,
  };
}

export function collection(n: number, more: Partial<Collection> = {}): Collection {
  const title = more.title ?? `Collection ${n}`;
  return {
    id: gid('Collection', n),
    title,
    handle: handleOf(title),
    descriptionHtml: `<p>All of ${title}.</p>`,
    updatedAt: WHEN,
    image: null,
    published: true,
    products: [],
    ...more,
  };
}

export function page(n: number, more: Partial<Page> = {}): Page {
  const title = more.title ?? `Page ${n}`;
  return {
    id: gid('Page', n),
    title,
    handle: handleOf(title),
    body: `<p>The text of ${title}.</p>`,
    isPublished: true,
    publishedAt: WHEN,
    createdAt: WHEN,
    updatedAt: WHEN,
    ...more,
  };
}

export function article(n: number, more: Partial<Article> = {}): Article {
  return {
    ...page(n, { title: `Article ${n}`, ...more }),
    id: gid('Article', n),
    summary: null,
    blog: { id: gid('Blog', 1), handle: 'news', title: 'News' },
    author: 'Ann',
    tags: [],
    ...more,
  };
}

/** `type` is Shopify's: REFUND_POLICY, SHIPPING_POLICY, PRIVACY_POLICY, TERMS_OF_SERVICE and so on. */
export function policy(n: number, type: string, body: string): Policy {
  const title = type.charAt(0) + type.slice(1).toLowerCase().replaceAll('_', ' ');
  return { id: gid('ShopPolicy', n), type, title, body, createdAt: WHEN, updatedAt: WHEN };
}

export function customer(n: number, more: Partial<Customer> = {}): Customer {
  return {
    id: gid('Customer', n),
    email: `customer${n}@example.com`,
    firstName: null,
    lastName: null,
    phone: null,
    tags: [],
    note: null,
    marketingState: 'NOT_SUBSCRIBED',
    marketingOptInLevel: null,
    consentUpdatedAt: null,
    createdAt: WHEN,
    updatedAt: WHEN,
    ...more,
  };
}

export function order(n: number, more: Partial<Order> = {}): Order {
  return {
    id: gid('Order', n),
    name: `#${n}`,
    customer: null,
    processedAt: WHEN,
    createdAt: WHEN,
    updatedAt: WHEN,
    cancelledAt: null,
    displayFinancialStatus: 'PAID',
    displayFulfillmentStatus: 'UNFULFILLED',
    total: '119.00',
    statusPageUrl: `https://shop.example/orders/${n}/authenticate?key=secret`,
    lineItems: [{ id: gid('LineItem', n * 10), title: 'Jumper No. 1', variantTitle: null, quantity: 1 }],
    fulfillments: [],
    ...more,
  };
}

/** A shop with a little of everything; with as many products as asked for. */
export function smallCatalogue(domain: string, n: number, products = 3): Catalogue {
  return {
    shop: {
      id: gid('Shop', n),
      name: 'Kittiwake Knitwear',
      email: 'owner@example.com',
      currencyCode: 'EUR',
      ianaTimezone: 'Europe/Berlin',
      locale: 'en',
      countryCode: 'DE',
      primaryDomain: domain,
      partnerDevelopment: false,
      hasPassword: false,
    },
    products: Array.from({ length: products }, (_, at) => product(at + 1)),
    collections: [collection(1, { title: 'Jumpers', products: [gid('Product', 1)] })],
    pages: [
      page(1, { title: 'Shipping', body: '<p>Parcels to Iceland take nine days and cost 14 euro.</p>' }),
      page(2, { title: 'Our sheep', isPublished: false, publishedAt: null }),
    ],
    articles: [article(1, { title: 'The wool of 2026', body: '<p>This year the wool is very soft.</p>' })],
    policies: [policy(1, 'REFUND_POLICY', '<p>Send back what you do not like within 30 days.</p>')],
    customers: [customer(1)],
    orders: [order(1001, { customer: gid('Customer', 1) })],
    metafields: {},
  };
}

const handleOf = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '');
