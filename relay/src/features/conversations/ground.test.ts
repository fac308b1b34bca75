import { describe, expect, it } from 'vitest';
import type { Found } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import { createGround, type GroundDeps } from './ground.ts';

const now = new Date('2026-11-23T12:00:00Z');
const site = (hours: object | null = null) =>
  ({ settings: { name: 'Shop', timezone: 'UTC', texts: {}, hours } }) as unknown as Site;

const foundOf = (documentId: string, ordinal: number, more: Partial<Found> = {}): Found => ({
  documentId,
  ordinal,
  externalId: documentId,
  title: documentId,
  url: `https://shop.example/${documentId}`,
  locale: null,
  heading: ordinal ? '' : 'Sizes',
  text: `text ${ordinal}`,
  product: null,
  syncedAt: now,
  score: 1,
  coverage: 1,
  similarity: null,
  ...more,
});
const productAt = (amount: string) => ({
  image: null,
  variants: [{ id: '1', title: 'S', price: { amount, currency: 'EUR' }, available: true }],
});
const product = productAt('5');
const order = { title: 'Order #1', url: 'https://shop.example/account', text: 'It was sent.' };

const groundOf = (more: Partial<GroundDeps> = {}) =>
  createGround({ site: site(), locale: 'en', question: 'Warm?', productsNow: async () => new Map(), now, ...more });

describe('the ground of an answer', () => {
  it('has one number for each document, orders first', () => {
    const found = [foundOf('a', 0), foundOf('b', 1), foundOf('a', 2)];
    const ground = groundOf();
    expect(ground.add(found).map(({ index }) => index)).toEqual([1, 2, 1]);
    expect(ground.passages[0]?.text).toBe('Sizes\ntext 0');
    const withOrders = groundOf({ orders: [order, order] });
    withOrders.add(found);
    expect(withOrders.passages.map(({ index }) => index)).toEqual([1, 2, 3, 4, 3]);
    expect(groundOf({ orders: [order] }).passages).toEqual([{ index: 1, ...order }]);
  });

  it('grows: numbers go on, and what is there keeps its number and is there once', () => {
    const ground = groundOf({ orders: [order] });
    ground.add([foundOf('a', 0), foundOf('b', 0)]);
    expect(ground.add([foundOf('c', 0), foundOf('a', 0), foundOf('b', 1)]).map(({ index }) => index)).toEqual([
      4, 2, 3,
    ]);
    expect(ground.passages.map(({ index }) => index)).toEqual([1, 2, 3, 4, 3]);
  });

  it('fills in the price of a product that was found later, and asks the shop once for each', async () => {
    const asked: string[][] = [];
    const ground = groundOf({
      productsNow: async ids => {
        asked.push(ids);
        return new Map([['b', productAt('7')]]);
      },
    });
    ground.add([foundOf('a', 0, { product })]);
    const [later] = ground.add([foundOf('b', 0, { product, text: 'now {{price 1}}' })]);
    ground.add([foundOf('b', 1, { product })]);
    expect(later).toMatchObject({ text: 'Sizes\nnow { {price 1}}', facts: { price: '{{price 2}}' } });
    expect(await ground.fill({ fact: 'price', document: 2, variant: undefined })).toBe('€7.00');
    expect(await ground.fill({ fact: 'price', document: 1, variant: undefined })).toContain('€5.00 (as of');
    expect(asked).toEqual([['a'], ['b']]);
  });

  it('keeps what the cited documents said, of the site’s documents alone', () => {
    const ground = groundOf({ orders: [order], site: site({ weekly: [], holidays: [], exceptions: [] }) });
    ground.add([foundOf('a', 0), foundOf('b', 0), foundOf('a', 1)]);
    ground.addHours();
    const cite = (...all: number[]) => ground.keptOf(all.map(index => ({ index, title: '', url: '' })));
    expect(cite(1, 4)).toEqual([]);
    expect(cite(2)).toEqual([
      {
        index: 2,
        documentId: 'a',
        externalId: 'a',
        title: 'a',
        url: 'https://shop.example/a',
        heading: 'Sizes',
        text: 'text 0',
        score: 1,
      },
      expect.objectContaining({ documentId: 'a', externalId: 'a', heading: '', text: 'text 1' }),
    ]);
  });

  it('has the opening hours as a document of their own, once, where the site has any', async () => {
    expect(groundOf().addHours()).toBeUndefined();
    expect(await groundOf().fill({ fact: 'hours' })).toBe('');
    const weekly = ['monday', 'tuesday', 'thursday'].map(day => ({ day, opens: '09:00', closes: '17:00' }));
    const holidays = [
      { date: '2026-12-08', name: 'Feast' },
      { date: '2026-11-22', name: 'gone' },
      { date: '2027-03-01', name: 'far' },
    ];
    const ground = groundOf({ site: site({ weekly, holidays, exceptions: [] }) });
    ground.add([foundOf('a', 0)]);
    expect(ground.addHours()).toMatchObject({ index: 2, text: '{{hours}}', url: '' });
    expect(ground.addHours()?.index).toBe(2);
    expect(ground.passages).toHaveLength(2);
    expect(await ground.fill({ fact: 'hours' })).toBe(
      'Monday–Tuesday 9:00 AM – 5:00 PM; Thursday 9:00 AM – 5:00 PM; December 8 (Feast) closed',
    );
    const closed = groundOf({
      site: site({ weekly, holidays: [], exceptions: [] }),
      locale: 'de',
      now: new Date('2026-11-25T12:00:00Z'),
    });
    expect(await closed.fill({ fact: 'hours' })).toMatch(
      /^Montag–Dienstag 09:00 – 17:00; Donnerstag .*\. .*Donnerstag/,
    );
  });
});
