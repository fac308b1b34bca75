import { expect, it } from 'vitest';
import { directionOf, localeOf } from './locale.ts';

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
