import { describe, expect, it } from 'vitest';
import { readHtml } from './read-html.ts';

const URL_HERE = 'https://shop.example/jumper';
const words = 'Knitted from undyed wool of Shetland sheep, warm and a little itchy, as a jumper has to be.';
const read = (...data: unknown[]) => {
  const scripts = data.map(
    each => `<script type="application/ld+json">${typeof each === 'string' ? each : JSON.stringify(each)}</script>`,
  );
  return readHtml(
    `<html><head><title>Kittiwake jumper</title>${scripts.join('')}</head><body><p>${words}</p></body></html>`,
    URL_HERE,
  );
};
const offer = (more: object = {}) => ({
  '@type': 'Offer',
  price: '49.00',
  priceCurrency: 'EUR',
  availability: 'https://schema.org/InStock',
  ...more,
});
const jumper = (more: object = {}) => ({
  '@type': 'Product',
  name: 'Kittiwake jumper',
  sku: 'KJ',
  offers: offer(),
  ...more,
});
const variantsOf = (data: unknown) => read(data).product?.variants;
const priceOf = (price: unknown, more: object = {}) =>
  variantsOf(jumper({ offers: offer({ price, ...more }) }))?.[0]?.price;

describe('a product', () => {
  it('is not what a page is about that only mentions it', () => {
    const other = jumper({ name: 'Parka', url: '/parka' });
    expect(read(other)).toMatchObject({ title: 'Kittiwake jumper', product: null });
    expect(read(jumper({ name: 'Parka', url: '/jumper?size=M' }))).toMatchObject({ title: 'Parka' });
    expect(read(jumper({ url: '/other-address' })).product).not.toBeNull();
  });

  it('is read with its facts', () => {
    const page = read({
      '@context': 'https://schema.org/',
      ...jumper({
        image: ['/jumper.jpg', '/other.jpg'],
        description: 'It is knitted by hand in Hillswick.',
        brand: { '@type': 'Brand', name: 'Kittiwake' },
        gtin13: '4006381333931',
        color: 'Teal',
        size: 'M',
        material: 'Wool',
        additionalProperty: [{ '@type': 'PropertyValue', name: 'Weight', value: '640 g' }],
      }),
    });
    expect(page.title).toBe('Kittiwake jumper');
    expect(page.product).toEqual({
      image: { url: 'https://shop.example/jumper.jpg', alt: 'Kittiwake jumper' },
      variants: [{ id: 'KJ', title: 'M / Teal', price: { amount: '49.00', currency: 'EUR' }, available: true }],
    });
    expect(page.attributes).toEqual({
      brand: 'Kittiwake',
      sku: 'KJ',
      gtin: '4006381333931',
      colour: 'Teal',
      size: 'M',
      material: 'Wool',
      Weight: '640 g',
    });
    expect(page.html).toContain('<p>It is knitted by hand in Hillswick.</p>');
  });

  it('is found in a graph, in a list, under another name of its type, and by reference', () => {
    const found = variantsOf(jumper());
    expect(variantsOf({ '@graph': [{ '@type': 'WebSite' }, jumper()] })).toEqual(found);
    expect(variantsOf([[jumper({ '@type': ['Thing', 'http://schema.org/Product'] })]])).toEqual(found);
    expect(variantsOf({ '@type': 'WebPage', mainEntity: jumper() })).toEqual(found);
    const offers = { '@id': '#offer' };
    expect(variantsOf({ '@graph': [jumper({ offers }), { ...offer(), '@id': '#offer' }] })).toEqual(found);
    expect(read('<!-- { broken', jumper()).product?.variants).toEqual(found);
    expect(
      read(JSON.stringify(jumper({ description: 'two@lines' })).replace('@lines', '\nlines')).product?.variants,
    ).toEqual(found);
  });

  it('has the variants of its group, each with its size and colour', () => {
    const group = {
      '@type': 'ProductGroup',
      name: 'Kittiwake jumper',
      hasVariant: [
        {
          '@type': 'Product',
          sku: 'S-T',
          name: 'Kittiwake jumper - S / Teal',
          size: 'S',
          color: 'Teal',
          offers: offer(),
        },
        {
          '@type': 'Product',
          sku: 'M-T',
          size: 'M',
          color: 'Teal',
          offers: offer({ price: 52, availability: 'OutOfStock' }),
        },
      ],
    };
    const page = read(group);
    expect(page.product?.variants).toEqual([
      { id: 'S-T', title: 'S / Teal', price: { amount: '49.00', currency: 'EUR' }, available: true },
      { id: 'M-T', title: 'M / Teal', price: { amount: '52', currency: 'EUR' }, available: false },
    ]);
    expect(page.attributes).toMatchObject({ sku: 'S-T, M-T', size: 'S, M', colour: 'Teal' });
  });

  it('has an AggregateOffer’s own offers; of a mere range it tells the words and no price', () => {
    const inside = [offer({ sku: 'A', price: 10 }), offer({ sku: 'B', price: 20, priceCurrency: undefined })];
    const offers = { '@type': 'AggregateOffer', priceCurrency: 'EUR', lowPrice: 10, highPrice: 20, offers: inside };
    expect(variantsOf(jumper({ offers }))?.map(({ id, price }) => [id, price.amount])).toEqual([
      ['A', '10'],
      ['B', '20'],
    ]);
    const range = read(jumper({ offers: { ...offers, offers: undefined } }));
    expect(range.product).toBeNull();
    expect(range.attributes.price).toBe('10–20 EUR');
  });

  it('is not said to be in stock where the page does not say so', () => {
    const page = read(jumper({ offers: offer({ availability: undefined }) }));
    expect(page.product).toBeNull();
    expect(page.attributes.price).toBe('49.00 EUR');
    for (const [word, available] of [
      ['http://schema.org/LimitedAvailability', true],
      ['schema:PreOrder', true],
      ['in stock', true],
      ['https://schema.org/SoldOut', false],
      ['Discontinued', false],
    ] as const) {
      expect(variantsOf(jumper({ offers: offer({ availability: word }) }))?.[0]?.available, word).toBe(available);
    }
  });

  it('costs what its page says, in whatever way that is written', () => {
    for (const [written, amount] of [
      [49, '49'],
      [49.9, '49.9'],
      ['49,90', '49.90'],
      ['1.299,00', '1299.00'],
      ['1,299.00', '1299.00'],
      ['1,299', '1299'],
      ['1.299.000', '1299000'],
      ["1'299.50", '1299.50'],
      ['€ 49.90', '49.90'],
      ['49.90 EUR', '49.90'],
      [0, '0'],
      ['007', '7'],
    ]) {
      expect(priceOf(written)?.amount, String(written)).toBe(amount);
    }
    for (const none of ['', 'free', -5, '-5', '1e99', null, {}, [], true, '9'.repeat(30), Number.MAX_VALUE]) {
      expect(priceOf(none), String(none)).toBeUndefined();
    }
    expect(priceOf(1, { priceCurrency: 'euros' })).toBeUndefined();
    const priceSpecification = [
      { price: 80, priceCurrency: 'EUR', priceType: 'https://schema.org/StrikethroughPrice' },
      { price: 60, priceCurrency: 'EUR' },
    ];
    expect(priceOf(undefined, { priceSpecification })).toEqual({ amount: '60', currency: 'EUR' });
  });

  it('is the page’s own, and not one that it lists or recommends', () => {
    const socks = jumper({ name: 'Strand socks', sku: 'SS', url: 'https://shop.example/socks' });
    expect(variantsOf(jumper({ isRelatedTo: [socks, socks] }))?.[0]?.id).toBe('KJ');
    expect(read(socks, jumper({ url: '/jumper#reviews' })).product?.variants[0]?.id).toBe('KJ');
    expect(read(socks, jumper()).product?.variants[0]?.id).toBe('KJ');
    expect(read(socks, jumper({ name: 'Beanie' })).product).toBeNull();
    const list = { '@type': 'ItemList', itemListElement: [{ '@type': 'ListItem', item: jumper() }] };
    expect(read(list).product).toBeNull();
  });
});

describe('malicious data', () => {
  it('changes nothing of ours and is read no deeper than needed', () => {
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    const wide = JSON.stringify(Array.from({ length: 20_000 }, () => ({ '@type': 'Thing', name: 'x' })));
    const polluting = `{"@type":"Product","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"name":"Kittiwake jumper",
      "additionalProperty":[{"name":"__proto__","value":"polluted"},{"name":"constructor","value":"fine"}]}`;
    const page = read(deep, wide, polluting, '[', 'null', '"text"', '{"@type":{"a":1},"@graph":7,"@id":[]}');
    expect(page.html).toContain('Shetland');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(page.attributes)).toEqual(['constructor']);
  });

  it('of odd shapes is left out', () => {
    const odd = [null, 1, true, '', [], {}, [[[]]], { '@id': '#self' }, { '@id': '#self', '@type': 'Offer' }];
    for (const value of odd) {
      for (const key of ['offers', 'image', 'brand', 'hasVariant', 'additionalProperty', 'mainEntity', 'sku']) {
        const page = read({ '@id': '#self', ...jumper(), [key]: value }, { '@type': 'FAQPage', mainEntity: value });
        expect(page.title, `${key}: ${JSON.stringify(value)}`).toBe('Kittiwake jumper');
      }
    }
  });

  it('is held to our limits, with nothing in it that cannot be stored', () => {
    const long = `\ud800\u0000${'x'.repeat(50_000)}`;
    const offers = Array.from({ length: 300 }, (_, at) => offer({ sku: `${at}` }));
    const { product, attributes, title } = read(jumper({ name: long, brand: long, image: long, offers }));
    expect(product?.variants).toHaveLength(100);
    expect(title.length).toBeLessThanOrEqual(300);
    expect(attributes.brand?.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify([product, attributes, title])).not.toMatch(/\\u0000|\\ud800/);
  });
});
