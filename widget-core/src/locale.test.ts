import { expect, it } from 'vitest';
import { directionOf, localeOf, timeIn } from './locale.ts';

it.each([
  [['pt-BR', 'en'], 'pt-BR'],
  [['', 'de'], 'de'],
  [['english', 'fr-FR'], 'fr-FR'],
  [['de_DE', '"><script>'], 'en'],
])('of %j, the language is %s', (tags, expected) => {
  expect(localeOf(...tags)).toBe(expected);
});

it.each([
  ['ar', 'rtl'],
  ['ar-EG', 'rtl'],
  ['az-Arab', 'rtl'],
  ['arn', 'ltr'],
  ['de', 'ltr'],
])('%s is written %s', (locale, direction) => {
  expect(directionOf(locale)).toBe(direction);
});

it.each([
  ['pt-PT', 'julho'],
  ['pt-PT-ao90', 'julho'],
  ['de-DE-formal', 'Juli'],
])('a month is named in %s, also where that is a tag of WordPress alone', (locale, month) => {
  expect(timeIn(locale, '2026-07-15T12:00:00Z', { month: 'long' })).toBe(month);
});
