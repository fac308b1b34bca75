import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatMoney, perMonth } from './money.ts';

const speak = (lang: string) => vi.stubGlobal('document', { documentElement: { lang } });
const plain = (text: string) => text.replace(/\s/gu, ' ');

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('an amount', () => {
  it.each([
    ['en', 2_900, 'eur', '€29.00'],
    ['de', 123_456, 'eur', '1.234,56 €'],
    ['fr', -500, 'usd', '-5,00 $US'],
    ['en', 2_900, 'jpy', '¥2,900'],
    ['en', 2_900, 'kwd', 'KWD 2.900'],
  ])('is written as people of %s write %i of %s', (lang, amount, currency, written) => {
    speak(lang);
    expect(plain(formatMoney({ amount, currency }))).toBe(written);
  });

  it('of a year says what a month of it costs', () => {
    expect(perMonth({ amount: 29_000, currency: 'eur' })).toEqual({ amount: 2_417, currency: 'eur' });
  });
});
