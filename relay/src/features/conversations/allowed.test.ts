import { describe, expect, it } from 'vitest';
import type { Found } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import { allowedIn } from './allowed.ts';
import { createGround } from './ground.ts';

const site = {
  homeUrl: 'https://www.shop.example/de',
  settings: {
    allowedOrigins: ['https://möwe.example'],
    hours: null,
    texts: {},
    answers: { instructions: 'Book at https://book.example/us.' },
  },
} as unknown as Site;

const foundOf = (externalId: string, text: string, url = ''): Found => ({
  documentId: externalId,
  ordinal: 0,
  externalId,
  title: 'Contact',
  url,
  locale: null,
  heading: '',
  text,
  product: null,
  syncedAt: new Date(0),
  score: 1,
  coverage: 1,
  similarity: null,
});

function allowed(...found: Found[]) {
  const ground = createGround({
    site,
    locale: 'en',
    question: 'Where?',
    productsNow: async () => new Map(),
    now: new Date(0),
  });
  ground.add(found);
  const said = [{ role: 'visitor' as const, text: 'I am at 0615 1555010, see https://visitor.example/x' }];
  return allowedIn({ site, ground, orders: [], said, instructions: '' });
}

describe('what an answer may hold', () => {
  it.each([
    ['https://www.shop.example/a', 'https://www.shop.example/a'],
    ['https://shop.example/a', 'https://shop.example/a'],
    ['http://shop.example/a', 'http://shop.example/a'],
    ['https://help.shop.example/a?x=1#y', 'https://help.shop.example/a'],
    ['https://möwe.example/', 'https://xn--mwe-sna.example/'],
    ['https://book.example/us', 'https://book.example/us'],
    ['https://calendar.example/owner', 'https://calendar.example/owner'],
    ['https://elsewhere.example/page?id=7', 'https://elsewhere.example/page?id=7'],
    ['https://elsewhere.example/other', undefined],
    ['https://evilshop.example/a', undefined],
    ['https://shop.example.evil.example/', undefined],
    ['https://shop.example:8443/a', undefined],
    ['ftp://shop.example/a', undefined],
    ['https://shop.example/out//evil.example', undefined],
    ['https://page.example/owner', undefined],
    ['https://visitor.example/x', undefined],
  ])('are addresses of the site, of its documents and of the owner: %s', (url, told) => {
    const { addressFor } = allowed(
      foundOf('entry:1', 'Book a visit at https://calendar.example/owner.'),
      foundOf('page', 'Book at https://page.example/owner.', 'https://elsewhere.example/page?id=7'),
    );
    expect(addressFor(new URL(url))).toBe(told);
  });

  it('are numbers and contacts of the documents and of the thread', () => {
    const { hasNumber, hasPhone, hasEmail } = allowed(
      foundOf('page', 'Sizes 36 and 37; +49 6151 123456, info@shop.example'),
    );
    expect(['36', '37', '1555010', '38', '3'].map(hasNumber)).toEqual([true, true, true, false, false]);
    expect(['06151123456', '06151123457', '06151555010'].map(hasPhone)).toEqual([true, false, true]);
    expect(['info@shop.example', 'ann@shop.example'].map(hasEmail)).toEqual([true, false]);
  });
});
