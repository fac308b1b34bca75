import { describe, expect, it } from 'vitest';
import { countsInWords, wordsFor } from './words.ts';

const at = '2026-11-22T23:30:00Z';

describe('times', () => {
  it('are those of the shop’s clocks, as the merchant writes them', () => {
    const tokyo = wordsFor({ locale: 'en-GB', timezone: 'Asia/Tokyo' });
    expect(tokyo.moment(at)).toBe('23 Nov 2026, 08:30');
    expect(wordsFor({ locale: 'de', timezone: 'Europe/Dublin' }).day(new Date(at))).toBe('22.11.2026');
  });

  it('are those of somebody else’s clock as well, where that is another one', () => {
    const tokyo = wordsFor({ locale: 'en-GB', timezone: 'Asia/Tokyo' });
    expect(tokyo.momentIn('Europe/Dublin', at)).toBe('22 Nov 2026, 23:30 (Europe/Dublin)');
    expect([tokyo.momentIn('Asia/Tokyo', at), tokyo.momentIn(null, at)]).toEqual([undefined, undefined]);
  });

  it.each([undefined, '', '*', 'not a locale', '<script>'])('are English for the locale %j', locale => {
    expect(wordsFor({ locale, timezone: 'UTC' }).day(at)).toBe('Nov 22, 2026');
  });
});

it('counts are said as people say them', () => {
  const words = wordsFor({ locale: 'en', timezone: 'UTC' });
  expect(words.count(1, 'lead')).toBe('1 lead');
  expect(words.count(1_204, 'lead')).toBe('1,204 leads');
  expect([0, 0.004, 0.005, 1.204, 1_500].map(words.dollars)).toEqual([
    '$0.00',
    'under $0.01',
    '$0.01',
    '$1.20',
    '$1,500.00',
  ]);
  expect(countsInWords({ messages: 1_200, conversations: 1, leads: 0 }, words)).toBe(
    '1,200 messages and 1 conversation',
  );
  expect(countsInWords({ leads: 2, pageViews: 1, somethingNew: 3 }, words)).toBe(
    '2 leads, 1 page view and 3 something new',
  );
  expect(countsInWords({}, words)).toBe('');
});
