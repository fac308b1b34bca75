import type { PersonalDataDocument } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { readableDocument } from './readable-document.ts';

const document = (data: object): PersonalDataDocument => ({
  format: 'confab-personal-data/1',
  generatedAt: '2026-11-22T03:00:00.000Z',
  site: { key: 'shop', name: 'Marram & <Gale>' },
  counts: {},
  data: data as PersonalDataDocument['data'],
});

describe('the document to read', () => {
  it('tells every value of the data, at any depth, and none as markup', () => {
    const page = readableDocument(
      document({
        leads: [{ name: '"><script>1</script>', fields: { "sh'oe": 'M & L' }, callbackAt: '2026-12-01T09:30:00.000Z' }],
        conversations: [{ messages: [{ text: 'Is it\n<b>wool</b>?', citations: [{ title: 'Our wool' }] }] }],
      }),
      'en',
    );
    const text = page
      .replace(/<style>[\s\S]*<\/style>|<[^>]*>/g, '')
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
    for (const told of [
      'Marram & <Gale>',
      '"><script>1</script>',
      "Sh'oe",
      'M & L',
      'Is it\n<b>wool</b>?',
      'Our wool',
      '1 December 2026',
    ]) {
      expect(text).toContain(told);
    }
    expect(page).not.toMatch(/<script|<b>|Gale>&/);
  });

  it('says where nothing is held, and leaves out what is empty', () => {
    const page = readableDocument(
      document({ leads: [], conversations: [{ locale: null, messages: [], pageTitle: 'x' }] }),
      'en',
    );
    expect(page).toContain('Nothing is held.');
    expect(page).not.toContain('Language');
    expect(page).not.toContain('Messages');
  });

  it('tells what visitors called and wrote as they did, though it looks like something of ours', () => {
    const fields = { constructor: 'blue', toString: 'M', when: '2026-99-99T99:99Z' };
    const page = readableDocument(document({ leads: [{ fields }] }), 'en');
    for (const told of ['Constructor', 'blue', 'To string', 'M', '2026-99-99T99:99Z'])
      expect(page).toContain(`>${told}<`);
  });

  it('lets no text out of the attribute or the element that it stands in', () => {
    const page = readableDocument(document({ leads: [{ name: `"'&<>` }] }), `en" onload='x`);
    expect(page).toContain('<q lang="en&#34; onload=&#39;x">&#34;&#39;&#38;&#60;&#62;</q>');
  });

  it('stands by itself: no script and no request', () => {
    const page = readableDocument(document({ leads: [{ pageUrl: 'https://shop.example/x' }] }), 'en');
    expect(page).not.toMatch(/<(script|img|link|iframe|a)\b|src=|href=|url\(/);
  });
});
