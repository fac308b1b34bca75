import { expect, it } from 'vitest';
import { previewDocument } from './preview-document.ts';
import { shorterWindows } from './retention-windows.ts';

const saved = { conversationDays: 365, leadDays: 365, pageViewDays: 90, consentDays: 1095 };

it('asks what would be deleted only for windows that are shorter, and only once all of them are days', () => {
  expect(shorterWindows({ ...saved, conversationDays: 30, leadDays: 400 }, saved)).toEqual({ conversationDays: 30 });
  expect(shorterWindows(saved, saved)).toBeUndefined();
  expect(shorterWindows({ ...saved, conversationDays: 30, leadDays: '' }, saved)).toBeUndefined();
  expect(shorterWindows({ ...saved, leadDays: 0 }, saved)).toBeUndefined();
});

it('shows the launcher in a page that a setting cannot break out of', () => {
  const look = { accent: '</script><script>alert(1)</script>', position: 'bottom-left', theme: 'dark' };
  const html = previewDocument('https://shop.example/a&b/widget/', look);
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html).toContain('src="https://shop.example/a&amp;b/widget/confab-loader.js"');
  expect(html).toContain('color-scheme:dark');
});
