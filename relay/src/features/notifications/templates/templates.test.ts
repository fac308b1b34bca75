import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sharedData } from '../../../../../e2e/fakes/shared-data.ts';
import { wordsFor } from '../words/index.ts';
import { leadMail, noticeMail, transcriptMail } from './index.ts';

const frame = (locale = 'en', site = 'Shop') => ({ ...wordsFor(locale), site });
const said = (text: string, isVisitor: boolean) => ({ by: 'x', isVisitor, at: '1', text, sources: [] });

describe('the templates of e-mails', () => {
  const printed = vi.fn();
  beforeAll(() => {
    vi.spyOn(console, 'error').mockImplementation(printed);
  });
  afterAll(() => {
    expect(printed).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  const strings: string[] = (sharedData('fetched/security/naughty_strings.json.gz') ?? []).slice(0, 500);
  it.skipIf(strings.length === 0)('show what people wrote as text, whatever it is', async () => {
    const fields = strings.map((text, at): [string, string] => [`field ${at}`, text]);
    const lead = await leadMail(frame('en', strings.join(' ')), { title: 'T', intro: 'I', fields, hasLinks: true });
    const chat = await transcriptMail(
      frame(),
      'today',
      strings.map(text => said(text, true)),
      false,
    );
    for (const { html } of [lead, chat]) {
      const { document } = parseHTML(html);
      expect(document.querySelectorAll('script, img, iframe, svg, object, form, a, base, input')).toHaveLength(0);
      const all = [...document.querySelectorAll('*')].flatMap(({ attributes }) => [...attributes]);
      expect(all.filter(({ name }) => name.startsWith('on'))).toEqual([]);
    }
  });

  it('write the Markdown of an answer, and of its links those to pages only', async () => {
    const text =
      '1. **Wool** & <b>silk</b>\n2. *Tea*\n\n[page](https://shop.example/a) [no](javascript:alert(1)) ![i](https://x.example/i.png)';
    const { html, text: plain } = await transcriptMail(frame(), 'today', [said(text, false)], true);
    const { document } = parseHTML(html);
    expect([...document.querySelectorAll('li')].map(item => item.textContent)).toEqual(['Wool & <b>silk</b>', 'Tea']);
    expect([...document.querySelectorAll('a')].map(link => link.getAttribute('href'))).toEqual([
      'https://shop.example/a',
    ]);
    expect(document.querySelectorAll('img')).toHaveLength(0);
    expect(plain).toContain('1. Wool & <b>silk</b>');
    expect(plain).toContain('https://shop.example/a');
    expect(plain).toContain('Earlier messages are left out.');
  });

  it('are the same each time they are made, so that a second try is the same mail', async () => {
    const make = () => transcriptMail(frame('de'), 'heute', [said('Hallo', true), said('Ja.', false)], false);
    expect(await make()).toEqual(await make());
  });

  it.each(['en', 'de-AT', 'fr', 'es-MX', 'ar', 'xx', 'de-1'])('speak to a reader of %s', async locale => {
    const { lang, words } = wordsFor(locale);
    const { title, lines, link } = words.verification;
    const action = { url: 'https://relay.example/x', label: link };
    const { html, text } = await noticeMail(frame(locale), { title, lines: lines('Shop'), action });
    const spoken = ['en', 'de', 'fr', 'es'].find(each => locale.startsWith(each)) ?? 'en';
    expect(lang.slice(0, 2)).toBe(spoken);
    expect(html).toContain(`lang="${lang}"`);
    expect(text.match(/https:\/\/relay\.example\/x/g)).toHaveLength(1);
    expect(() => new Intl.DateTimeFormat(lang)).not.toThrow();
  });
});
