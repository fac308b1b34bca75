import { describe, expect, it } from 'vitest';
import { familyOf, isEndless, isFile, looksLikeSitemap, normalAddress, originsOf } from './addresses.ts';

describe('one address for the same page', () => {
  it.each([
    ['HTTPS://Shop.Example:443/a/../b#part', 'https://shop.example/b'],
    ['https://shop.example/a?utm_source=x&size=m&fbclid=1', 'https://shop.example/a?size=m'],
    ['https://shop.example/a?gclid=1', 'https://shop.example/a'],
    ['https://shop.example/a?', 'https://shop.example/a'],
    ['https://shop.example/a;jsessionid=1A2B?x=1&PHPSESSID=9', 'https://shop.example/a?x=1'],
    ['https://shop.example./a', 'https://shop.example/a'],
    ['https://shop.example/f%c3%b6', 'https://shop.example/f%C3%B6'],
  ])('%s is %s', (given, normal) => {
    expect(normalAddress(given)).toBe(normal);
  });

  it.each([
    'https://shop.example/a/',
    'https://shop.example/A',
    'https://shop.example/?b=2&a=1&a=3',
    'https://shop.example/?a',
  ])('leaves alone what may choose another page: %s', address => {
    expect(normalAddress(address)).toBe(address);
  });

  it.each([
    'javascript:alert(1)',
    'mailto:a@b.example',
    'data:text/html,x',
    'file:///etc/passwd',
    'https://user:pw@shop.example/',
    'https://user@shop.example/',
    'https://',
    `https://shop.example/${'a'.repeat(2_048)}`,
    '/no-base',
  ])('there is none for %.60s', address => {
    expect(normalAddress(address)).toBeUndefined();
  });

  it('reads a link against its page', () => {
    expect(normalAddress('../b?x=1#y', 'https://shop.example/de/a/')).toBe('https://shop.example/de/b?x=1');
    expect(normalAddress('//other.example/', 'https://shop.example/')).toBe('https://other.example/');
  });
});

describe('the origins of a site', () => {
  const site = (homeUrl: string | null, allowedOrigins: string[]) =>
    ({ homeUrl, settings: { allowedOrigins } }) as Parameters<typeof originsOf>[0];

  it('are its home and those that may show its widget, also encrypted, and no others', () => {
    const origins = originsOf(
      site('https://home.example/shop', ['http://a.example', 'http://b.example:8080', 'self']),
      'http://relay.example',
    );
    expect([...origins].toSorted()).toEqual([
      'http://a.example',
      'http://b.example:8080',
      'http://relay.example',
      'https://a.example',
      'https://home.example',
      'https://relay.example',
    ]);
    expect(originsOf(site(null, ['self'])).size).toBe(0);
  });
});

describe('what could go on for ever', () => {
  it('is one family: pages by their query, archives by their date', () => {
    expect(familyOf('https://a.example/shop?colour=red&page=2')).toBe('https://a.example/shop?');
    expect(familyOf('https://a.example/events/2031/12/')).toBe('https://a.example/events/#');
    expect(familyOf('https://a.example/events/2031-12-01')).toBe('https://a.example/events/#');
    expect(familyOf('https://a.example/2024/')).toBe('https://a.example/#');
  });

  it('is not an article under its date, nor a product under its number', () => {
    expect(familyOf('https://a.example/2024/05/13/new-jumpers/')).toBeNull();
    expect(familyOf('https://a.example/product/20241')).toBeNull();
    expect(familyOf('https://a.example/product/4711')).toBeNull();
  });

  it('is a path that repeats itself', () => {
    expect(isEndless('https://a.example/shop/de/shop/de/shop/de/')).toBe(true);
    expect(isEndless(`https://a.example/${Array.from({ length: 16 }, (_, at) => at).join('/')}`)).toBe(true);
    expect(isEndless('https://a.example/de/shop/de/')).toBe(false);
    expect(isEndless('https://a.example/')).toBe(false);
  });
});

it('knows files and sitemaps by their names', () => {
  expect(isFile('https://a.example/x/photo.JPG?w=200')).toBe(true);
  expect(isFile('https://a.example/terms.pdf')).toBe(false);
  expect(isFile('https://a.example/node.js/')).toBe(false);
  expect(
    ['/sitemap.xml', '/sitemap_products_1.xml.gz?from=1', '/sitemap.txt'].every(each =>
      looksLikeSitemap(`https://a.example${each}`),
    ),
  ).toBe(true);
  expect(['/', '/robots.txt', '/sitemap/'].some(each => looksLikeSitemap(`https://a.example${each}`))).toBe(false);
});
