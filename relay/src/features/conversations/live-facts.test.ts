import type { Product, Variant } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import type { Site } from '../sites/index.ts';
import { type FoundProduct, liveFacts, productsAmong, withFacts } from './live-facts.ts';

const site = { settings: { timezone: 'Pacific/Auckland', texts: {} } } as Site;
const syncedAt = new Date('2026-11-20T12:30:00Z');

const variant = (id: string, amount: string, more: Partial<Variant> = {}): Variant => ({
  id,
  title: id,
  price: { amount, currency: 'EUR' },
  available: true,
  ...more,
});
const product = (...variants: Variant[]): Product => ({ image: null, variants });
const jumper = product(variant('S', '39.00'), variant('M', '59', { available: false }));

const foundOf = (index: number, of: Product): FoundProduct => ({
  index,
  externalId: `p${index}`,
  title: `Product ${index}`,
  url: `https://shop.example/${index}`,
  product: of,
  syncedAt,
});

/** What the marks of the first document say. */
function says({ synced = jumper, live, locale = 'en' }: { synced?: Product; live?: Product; locale?: string } = {}) {
  const products = new Map([[1, foundOf(1, synced)]]);
  const facts = liveFacts(site, locale, products, async id => (id === 'p1' ? live : undefined));
  const say = (fact: 'price' | 'availability', place?: number) => facts.fill({ fact, document: 1, variant: place });
  return { facts, say };
}

describe('what is filled in', () => {
  it.each([
    ['en', 'EUR', '49', '€49.00'],
    ['en', 'JPY', '1200', '¥1,200'],
    ['de-AT', 'EUR', '1234.5', '€\u00a01.234,50'],
    ['fr', 'EUR', '49.00', '49,00\u00a0€'],
    ['en', 'KWD', '1.2500', 'KWD\u00a01.250'],
    // Of the first two there are no texts; nobody knows the second, and the third is no tag, though it looks like one.
    ['ja', 'JPY', '1200', '￥1,200'],
    ['xx', 'USD', '5', '$5.00'],
    ['de-DE-DE', 'EUR', '49.00', '49,00\u00a0€'],
  ])('is a price as it is written in %s: %s %s', async (locale, currency, amount, written) => {
    const live = product(variant('S', amount, { price: { amount, currency } }));
    expect(await says({ live, locale }).say('price')).toBe(written);
  });

  it.each([
    ['en-IE', '€39.00 to €59.00', 'in stock', 'sold out'],
    ['de', '39,00\u00a0€ bis 59,00\u00a0€', 'auf Lager', 'ausverkauft'],
    ['fr', 'de 39,00\u00a0€ à 59,00\u00a0€', 'en stock', 'épuisé'],
    ['es', 'de 39,00\u00a0€ a 59,00\u00a0€', 'en existencias', 'agotado'],
  ])('has words of the language: %s', async (locale, range, inStock, soldOut) => {
    const { say } = says({ live: jumper, locale });
    expect(await Promise.all([say('price'), say('availability'), say('availability', 2)])).toEqual([
      range,
      inStock,
      soldOut,
    ]);
  });

  it('is one price where all variants cost the same, however it is written', async () => {
    const live = product(variant('S', '49'), variant('M', '49.00'));
    expect(await says({ live }).say('price')).toBe('€49.00');
  });

  it('finds the cheapest by number', async () => {
    const live = product(variant('S', '100'), variant('M', '9.5'), variant('L', '20'));
    expect(await says({ live }).say('price')).toBe('€9.50 to €100.00');
  });

  it('is what is so now, not what was synced', async () => {
    const live = product(variant('S', '29.00', { available: false }), variant('M', '29.00', { available: false }));
    const { say } = says({ live });
    expect([await say('price'), await say('availability'), await say('price', 2)]).toEqual([
      '€29.00',
      'sold out',
      '€29.00',
    ]);
  });

  it('is what was synced where nothing is known of now, with the day at the shop, once', async () => {
    const { say } = says();
    expect([await say('price'), await say('availability'), await say('price', 1)]).toEqual([
      '€39.00 to €59.00 (as of November 21, 2026)',
      'in stock',
      '€39.00',
    ]);
    expect(await says({ locale: 'de' }).say('availability', 2)).toBe('ausverkauft (Stand: 21. November 2026)');
  });

  it('is dated for a variant that the shop does not tell of now', async () => {
    const { say } = says({ live: product(variant('S', '29.00')) });
    expect(await say('price', 1)).toBe('€29.00');
    expect(await say('price', 2)).toBe('€59.00 (as of November 21, 2026)');
  });

  it('is nothing for a document or a variant that is not there', async () => {
    const { facts, say } = says();
    expect(await say('price', 3)).toBe('');
    expect(await say('price', 0)).toBe('');
    expect(await facts.fill({ fact: 'price', document: 2, variant: undefined })).toBe('');
    expect(facts.told.size).toBe(0);
  });

  it('takes the owner’s own words', async () => {
    const own = { settings: { ...site.settings, texts: { en: { soldOut: 'gone for good' } } } } as unknown as Site;
    const live = product(variant('S', '1', { available: false }));
    const facts = liveFacts(own, 'en', new Map([[1, foundOf(1, jumper)]]), async () => live);
    expect(await facts.fill({ fact: 'availability', document: 1, variant: undefined })).toBe('gone for good');
  });
});

describe('the facts that a model is given', () => {
  const passageOf = (index: number, text = 'text') => ({
    index,
    title: `Product ${index}`,
    url: 'https://x.example',
    text,
  });
  const withOne = (of: Product, question = '', text?: string) =>
    withFacts([passageOf(1, text), passageOf(1), passageOf(2)], new Map([[1, foundOf(1, of)]]), question);

  it('are marks, with the first passage of the product', () => {
    const [first, second, other] = withOne(jumper);
    expect(first?.facts).toEqual({
      price: '{{price 1}}',
      availability: '{{availability 1}}',
      variants: [
        { title: 'S', price: '{{price 1.1}}', availability: '{{availability 1.1}}' },
        { title: 'M', price: '{{price 1.2}}', availability: '{{availability 1.2}}' },
      ],
    });
    expect(second).not.toHaveProperty('facts');
    expect(other).not.toHaveProperty('facts');
    expect(withOne(product(variant('', '9')))[0]?.facts).toEqual({
      price: '{{price 1}}',
      availability: '{{availability 1}}',
    });
  });

  it('are of ten variants at most, those first that the question names', () => {
    const sizes = ['S', 'M', 'L', 'XL'].flatMap(size => ['Red', 'Blue', 'Green'].map(colour => `${size} / ${colour}`));
    const [passage] = withOne(product(...sizes.map(name => variant(name, '9'))), 'is the blue one there in XL?');
    const { variants = [], furtherVariants } = passage?.facts ?? {};
    expect(variants).toHaveLength(10);
    expect(furtherVariants).toBe(2);
    expect(variants[0]).toEqual({
      title: 'XL / Blue',
      price: '{{price 1.11}}',
      availability: '{{availability 1.11}}',
    });
  });

  it('are the only marks', () => {
    const hostile = product(variant('S {{price 1}}', '9'), variant('M', '9'));
    const given = JSON.stringify(withOne(hostile, '', 'Only {{price 1}}!'));
    expect(given.match(/\{\{price 1\}\}/g)).toHaveLength(1);
  });

  it('are of the documents by their numbers', () => {
    const found = [null, jumper, jumper].map((of, at) => ({
      documentId: `d${at}`,
      externalId: `p${at}`,
      url: 'https://x.example',
      title: 'x',
      heading: '',
      text: 'x',
      product: of,
      syncedAt,
      score: 1,
      coverage: 1,
      ordinal: 0,
      locale: null,
      similarity: null,
    }));
    expect([...productsAmong(found, [passageOf(3), passageOf(4), passageOf(5)]).keys()]).toEqual([4, 5]);
  });
});

describe('the cards', () => {
  const cited = (...indexes: number[]) => indexes.map(index => ({ index, title: '', url: '' }));
  const cardsOf = (of: Product, live: Product | undefined, indexes: number[]) => {
    const products = new Map([1, 2, 3, 4].map(index => [index, foundOf(index, of)]));
    return liveFacts(site, 'en', products, async id => (id === 'p2' ? live : undefined)).cardsOf(cited(...indexes));
  };

  it('are those of the cited products, three at most, each as it is now or with the time', async () => {
    const live = product(variant('S', '10', { available: false }), variant('M', '20'));
    const cards = await cardsOf(jumper, live, [9, 2, 1, 3, 4]);
    expect(cards.map(({ index }) => index)).toEqual([2, 1, 3]);
    expect(cards[0]).toEqual({
      index: 2,
      title: 'Product 2',
      url: 'https://shop.example/2',
      image: null,
      price: '€10.00 to €20.00',
      available: true,
      asOf: null,
      variants: [
        { id: 'S', title: 'S', price: '€10.00', available: false },
        { id: 'M', title: 'M', price: '€20.00', available: true },
      ],
    });
    expect(cards[1]).toMatchObject({ price: '€39.00 to €59.00', asOf: '2026-11-20T12:30:00.000Z' });
  });

  it('do not wait for the shop where no product is cited', async () => {
    const never = new Promise<never>(() => {});
    expect(await liveFacts(site, 'en', new Map([[1, foundOf(1, jumper)]]), () => never).cardsOf(cited(2))).toEqual([]);
  });

  it('show a picture of the web only, and twenty variants', async () => {
    const of = (url: string) => ({
      ...product(...Array.from({ length: 30 }, (_, at) => variant(`v${at}`, '1'))),
      image: { url, alt: 'x' },
    });
    const [good] = await cardsOf(of('https://cdn.example/a.jpg'), undefined, [1]);
    expect(good).toMatchObject({ image: { url: 'https://cdn.example/a.jpg', alt: 'x' } });
    expect(good?.variants).toHaveLength(20);
    for (const url of ['javascript:alert(1)', 'data:image/png;base64,x', '//cdn.example/a.jpg', 'https://', '']) {
      expect((await cardsOf(of(url), undefined, [1]))[0]?.image).toBeNull();
    }
  });
});
