import { expect, it } from 'vitest';
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
