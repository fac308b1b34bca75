import { expect, it } from 'vitest';
import { shifted, without } from './entries.ts';
import { addressOf, tabOf } from './tabs.ts';

it('opens the tab that the address names, and home for anything else', () => {
  expect(tabOf('?page=confab&tab=leads')).toBe('leads');
  expect(tabOf('?page=confab')).toBe('home');
  expect(tabOf('?page=confab&tab=constructor')).toBe('home');
});

it('keeps the page in the address of a tab, and leaves an open conversation', () => {
  expect(addressOf('privacy', '?page=confab&tab=conversations&conversation=7')).toBe('?page=confab&tab=privacy');
  expect(addressOf('home', '?page=confab&tab=leads')).toBe('?page=confab');
});

it('moves an entry by one place, and not beyond an end', () => {
  expect(shifted(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(shifted(['a', 'b'], 1, 1)).toEqual(['a', 'b']);
  expect(shifted(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
  expect(without(['a', 'b'], 0)).toEqual(['b']);
});
