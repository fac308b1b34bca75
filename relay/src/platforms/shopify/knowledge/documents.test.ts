import { DOCUMENT_TEXT_MAX, documentUpsert } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../../e2e/fakes/shared-data.ts';
import {
  type ArticleNode,
  articleDocument,
  collectionDocument,
  type Mapped,
  type PageNode,
  type ProductNode,
  pageDocument,
  policyDocument,
  productDocument,
  type VariantNode,
} from './documents.ts';

const shop = { origin: 'https://wool.example', currency: 'EUR', locale: 'de', now: new Date('2026-11-22T12:00:00Z') };
const WHEN = '2026-06-01T10:00:00Z';

const product = (more: Partial<ProductNode> = {}): ProductNode => ({
  id: 'gid://shopify/Product/1',
  handle: 'jumper',
  title: 'Jumper',
  vendor: 'Kittiwake',
  productType: 'Knitwear',
  descriptionHtml: '<p>Of wool.</p>',
  status: 'ACTIVE',
  onlineStoreUrl: 'https://wool.example/products/jumper',
  updatedAt: WHEN,
  options: [{ name: 'Size', optionValues: [{ name: 'M' }, { name: 'L' }] }],
  featuredMedia: { preview: { image: { url: 'https://cdn.example/1.jpg', altText: 'A jumper' } } },
  ...more,
});
const variant = (n: number, more: Partial<VariantNode> = {}): VariantNode => ({
  id: `gid://shopify/ProductVariant/${n}`,
  title: 'M',
  sku: `SKU-${n}`,
  price: '119.00',
  availableForSale: true,
  ...more,
});
const page = (more: Partial<PageNode> = {}): PageNode => ({
  id: 'gid://shopify/Page/1',
  handle: 'shipping',
  title: 'Shipping',
  body: '<p>Nine days.</p>',
  isPublished: true,
  publishedAt: WHEN,
  updatedAt: WHEN,
  ...more,
});
const article = (more: Partial<ArticleNode> = {}): ArticleNode => ({
  ...page({ id: 'gid://shopify/Article/1', handle: 'new wool' }),
  blog: { handle: 'news' },
  ...more,
});
const collection = {
  id: 'gid://shopify/Collection/1',
  handle: 'käse',
  title: 'Käse & <Brot>',
  descriptionHtml: '',
  updatedAt: WHEN,
};
const policy = {
  id: 'gid://shopify/ShopPolicy/1',
  title: 'Refunds',
  body: '<p>30 days.</p>',
  url: 'https://wool.example/policies/refund-policy',
  updatedAt: WHEN,
};

const sound = (mapped: Mapped | undefined) => documentUpsert.parse(mapped?.document);

describe('a product of a Shopify shop', () => {
  it('becomes a document with what it is in its text, and what it costs beside it', () => {
    const variants = [variant(1), variant(2, { title: 'L', price: '129.5', availableForSale: false })];
    const mapped = productDocument(product(), variants, shop);
    expect(mapped).toEqual({
      isCut: false,
      document: {
        externalId: 'gid://shopify/Product/1',
        type: 'product',
        url: 'https://wool.example/products/jumper',
        title: 'Jumper',
        html: '<p>Jumper · Knitwear · Kittiwake</p><p>Of wool.</p>',
        locale: 'de',
        attributes: { Vendor: 'Kittiwake', Type: 'Knitwear', Size: ['M', 'L'], SKU: ['SKU-1', 'SKU-2'] },
        product: {
          image: { url: 'https://cdn.example/1.jpg', alt: 'A jumper' },
          variants: [
            {
              id: 'gid://shopify/ProductVariant/1',
              title: 'M',
              price: { amount: '119.00', currency: 'EUR' },
              available: true,
            },
            {
              id: 'gid://shopify/ProductVariant/2',
              title: 'L',
              price: { amount: '129.5', currency: 'EUR' },
              available: false,
            },
          ],
        },
        updatedAt: WHEN,
      },
    });
    const { product: facts, ...text } = sound(mapped);
    expect(JSON.stringify(text)).not.toMatch(/119|129/);
  });

  it.each([
    ['a draft', { status: 'DRAFT' }],
    ['archived', { status: 'ARCHIVED' }],
    ['not in the online store', { onlineStoreUrl: null }],
  ])('is none where it is %s', (_, more) => {
    expect(productDocument(product(more), [variant(1)], shop)).toBeUndefined();
  });

  it('that cannot be chosen in sizes shows no names that Shopify made up', () => {
    const plain = product({ options: [{ name: 'Title', optionValues: [{ name: 'Default Title' }] }] });
    const document = sound(productDocument(plain, [variant(1, { title: 'Default Title', sku: null })], shop));
    expect(document.attributes).toEqual({ Vendor: 'Kittiwake', Type: 'Knitwear' });
    expect(document.product?.variants[0]?.title).toBe('');
  });

  it.each([
    ['0.00', 'EUR'],
    ['0', 'EUR'],
    ['1500', 'JPY'],
    ['1500.0', 'JPY'],
    ['12.345', 'KWD'],
    ['123456789012.99', 'VND'],
  ])('may cost %s %s', (price, currency) => {
    const document = sound(productDocument(product(), [variant(1, { price })], { ...shop, currency }));
    expect(document.product?.variants[0]?.price).toEqual({ amount: price, currency });
  });

  it('keeps a hundred of its variants, and may have no picture, no description, no kind', () => {
    const variants = Array.from({ length: 250 }, (_, at) => variant(at + 1));
    const bare = product({ descriptionHtml: '', productType: '', vendor: '', featuredMedia: null, options: [] });
    const document = sound(productDocument(bare, variants, shop));
    expect(document.product?.variants).toHaveLength(100);
    expect(document.attributes).toEqual({ SKU: expect.any(Array) });
    expect(document).toMatchObject({ html: '<p>Jumper</p>', product: { image: null } });
  });

  it('is cut where it is longer than any text, and says so', () => {
    const long = product({
      title: 'x'.repeat(600),
      descriptionHtml: `<p>${'wool '.repeat(DOCUMENT_TEXT_MAX / 4)}</p>`,
    });
    const mapped = productDocument(long, [variant(1, { title: 'y'.repeat(900) })], shop);
    expect(mapped?.isCut).toBe(true);
    expect(sound(mapped)).toMatchObject({ title: 'x'.repeat(500) });
    expect(sound(mapped).html?.length).toBe(DOCUMENT_TEXT_MAX);
  });

  it('has no character cut in two, none that is broken, and none that no database takes', () => {
    const title = `${'x'.repeat(499)}💥`;
    expect(sound(productDocument(product({ title }), [], shop)).title).toBe('x'.repeat(499));
    const broken = 'a\u0000b\ud800c\udfffd';
    const odd = product({
      title: broken,
      vendor: broken,
      descriptionHtml: broken,
      options: [{ name: broken, optionValues: [{ name: broken }] }],
    });
    const document = sound(productDocument(odd, [variant(1, { title: broken, sku: broken })], shop));
    expect(document.title).toBe('ab\ufffdc\ufffdd');
  });

  const naughty = sharedData('fetched/security/naughty_strings.json.gz');
  it.skipIf(!naughty)('may be called anything', () => {
    expect(naughty.length).toBeGreaterThan(20);
    for (const text of naughty) {
      const all = product({
        title: text,
        vendor: text,
        productType: text,
        descriptionHtml: text,
        options: [{ name: text, optionValues: [{ name: text }] }],
      });
      const result = documentUpsert.safeParse(
        productDocument(all, [variant(1, { title: text, sku: text })], shop)?.document,
      );
      expect(result.error?.issues, JSON.stringify(text)).toBeUndefined();
    }
  });
});

describe('what else a Shopify shop publishes', () => {
  it('has its place in the storefront', () => {
    const urls = [
      collectionDocument(collection, shop),
      pageDocument(page(), shop),
      articleDocument(article(), shop),
      policyDocument(policy, shop),
    ];
    expect(urls.map(sound).map(({ type, url }) => [type, url])).toEqual([
      ['page', 'https://wool.example/collections/k%C3%A4se'],
      ['page', 'https://wool.example/pages/shipping'],
      ['post', 'https://wool.example/blogs/news/new%20wool'],
      ['policy', 'https://wool.example/policies/refund-policy'],
    ]);
  });

  it('has one also where half a character is in its handle', () => {
    expect(sound(pageDocument(page({ handle: 'a\ud800' }), shop)).url).toBe('https://wool.example/pages/a%EF%BF%BD');
  });

  it('can be found by its name alone, as a collection without a description', () => {
    expect(collectionDocument(collection, shop).document.html).toBe('<p>Käse &amp; &lt;Brot&gt;</p>');
  });

  it.each([
    ['hidden', { isPublished: false }, false],
    ['to come', { publishedAt: '2026-11-22T12:00:01Z' }, false],
    ['published a moment ago', { publishedAt: '2026-11-22T12:00:00Z' }, true],
    ['published at no known time', { publishedAt: null }, true],
  ])('is there for visitors or not: %s', (_, more, isThere) => {
    expect(
      [pageDocument(page(more), shop), articleDocument(article(more), shop)].map(each => each !== undefined),
    ).toEqual([isThere, isThere]);
  });
});
