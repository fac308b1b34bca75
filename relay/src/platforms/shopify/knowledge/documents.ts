import { DOCUMENT_TEXT_MAX, type DocumentUpsert } from '@confab/contract';
import { cut, NO_CHOICE, shownImage, shownVariant } from '../shown-product.ts';

/** What the Admin API says of each kind, as the operations ask for it. */
export type ProductNode = {
  id: string;
  handle: string;
  title: string;
  vendor: string;
  productType: string;
  descriptionHtml: string;
  status: string;
  onlineStoreUrl: string | null;
  updatedAt: string;
  options: { name: string; optionValues: { name: string }[] }[];
  featuredMedia: { preview: { image: { url: string; altText: string | null } | null } | null } | null;
};
export type VariantNode = { id: string; title: string; sku: string | null; price: string; availableForSale: boolean };
export type CollectionNode = { id: string; handle: string; title: string; descriptionHtml: string; updatedAt: string };
export type PageNode = {
  id: string;
  handle: string;
  title: string;
  body: string;
  isPublished: boolean;
  publishedAt: string | null;
  updatedAt: string;
};
export type ArticleNode = Omit<PageNode, 'updatedAt'> & { updatedAt: string | null; blog: { handle: string } };
export type PolicyNode = { id: string; title: string; body: string; url: string; updatedAt: string };

/** What the shop's documents have in common. `origin` is the address of its storefront, `locale` its language. */
export type Storefront = { origin: string; currency: string; locale: string; now: Date };

/** A document as it is taken in; `isCut` where the shop's own text is longer than that. */
export type Mapped = { document: DocumentUpsert; isCut: boolean };

export const VARIANTS_MAX = 100;
const TITLE_MAX = 500;
const ATTRIBUTE_MAX = 500;

/**
 * A product as a visitor sees it; nothing where they see none: a draft, or one that the online store does not have. Its
 * prices stand beside the text and never in it, since they are filled in by code at the time of an answer.
 */
export function productDocument(product: ProductNode, variants: VariantNode[], shop: Storefront): Mapped | undefined {
  // Shopify gives no address either while the whole storefront is behind a password.
  if (product.status !== 'ACTIVE' || product.onlineStoreUrl === null) return undefined;
  const offered = variants.slice(0, VARIANTS_MAX);
  const text = texts();
  const summary = [product.title, product.productType, product.vendor].filter(Boolean).join(' · ');
  return text.mapped({
    externalId: product.id,
    type: 'product',
    url: product.onlineStoreUrl,
    title: text.title(product.title),
    // A product without a description has at least its name to be found by.
    html: text.html(`<p>${escaped(summary)}</p>${product.descriptionHtml}`),
    locale: shop.locale,
    attributes: attributesOf(product, offered),
    ...(offered.length > 0 && {
      product: {
        image: shownImage(product.featuredMedia?.preview?.image ?? null),
        variants: offered.map(({ id, title, price: amount, availableForSale: available }) =>
          shownVariant({ id, title, price: { amount, currency: shop.currency }, available }),
        ),
      },
    }),
    updatedAt: product.updatedAt,
  });
}

/** A collection that the online store shows, which only Shopify's search can tell. */
export function collectionDocument(collection: CollectionNode, shop: Storefront): Mapped {
  const { id, handle, title, descriptionHtml, updatedAt } = collection;
  const text = texts();
  return text.mapped({
    externalId: id,
    type: 'page',
    url: addressOf(shop, 'collections', handle),
    title: text.title(title),
    html: text.html(`<p>${escaped(title)}</p>${descriptionHtml}`),
    locale: shop.locale,
    updatedAt,
  });
}

/** A page; nothing where visitors do not see it, or not yet. */
export function pageDocument(page: PageNode, shop: Storefront): Mapped | undefined {
  if (!isVisible(page, shop.now)) return undefined;
  const text = texts();
  return text.mapped({
    externalId: page.id,
    type: 'page',
    url: addressOf(shop, 'pages', page.handle),
    title: text.title(page.title),
    html: text.html(page.body),
    locale: shop.locale,
    updatedAt: page.updatedAt,
  });
}

/** An article of a blog; nothing where visitors do not see it, or not yet. */
export function articleDocument(article: ArticleNode, shop: Storefront): Mapped | undefined {
  if (!isVisible(article, shop.now)) return undefined;
  const text = texts();
  return text.mapped({
    externalId: article.id,
    type: 'post',
    url: addressOf(shop, 'blogs', article.blog.handle, article.handle),
    title: text.title(article.title),
    html: text.html(article.body),
    locale: shop.locale,
    updatedAt: article.updatedAt ?? article.publishedAt ?? new Date(0).toISOString(),
  });
}

/** One of the shop's legal texts. */
export function policyDocument(policy: PolicyNode, shop: Storefront): Mapped {
  const text = texts();
  return text.mapped({
    externalId: policy.id,
    type: 'policy',
    url: policy.url,
    title: text.title(policy.title),
    html: text.html(policy.body),
    locale: shop.locale,
    updatedAt: policy.updatedAt,
  });
}

const isVisible = ({ isPublished, publishedAt }: Pick<PageNode, 'isPublished' | 'publishedAt'>, now: Date): boolean =>
  isPublished && (publishedAt === null || Date.parse(publishedAt) <= now.getTime());

const addressOf = ({ origin }: Storefront, ...path: string[]): string =>
  new URL(`/${path.map(part => encodeURIComponent(part.toWellFormed())).join('/')}`, origin).href;

function attributesOf({ vendor, productType, options }: ProductNode, variants: VariantNode[]) {
  const choices = options
    .filter(({ optionValues }) => optionValues.some(({ name }) => name !== NO_CHOICE))
    .map(({ name, optionValues }) => [name, optionValues.map(value => value.name)] as const);
  const skus = [...new Set(variants.flatMap(({ sku }) => sku || []))];
  const all = [['Vendor', vendor], ['Type', productType], ...choices, ['SKU', skus]] as const;
  return Object.fromEntries(
    all.flatMap(([name, value]) => {
      const key = cut(name, 100);
      if (key === '' || value.length === 0) return [];
      const short = (text: string) => cut(text, ATTRIBUTE_MAX);
      return [[key, typeof value === 'string' ? short(value) : value.slice(0, VARIANTS_MAX).map(short)]];
    }),
  );
}

/** Brings the texts of one document within the contract's limits, and remembers whether that took something away. */
function texts() {
  let isCut = false;
  const within = (text: string, max: number) => {
    isCut ||= text.length > max;
    return cut(text, max);
  };
  return {
    title: (text: string) => within(text, TITLE_MAX),
    html: (text: string) => within(text, DOCUMENT_TEXT_MAX),
    mapped: (document: DocumentUpsert): Mapped => ({ document, isCut }),
  };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
