import { describe, expect, it } from 'vitest';
import type { LlmPart } from '../../providers/llm/llm.ts';
import { type Allowed, digitsIn, withSafeText } from './safe-text.ts';

const instructions =
  'Answer only from the passages of the website that you are given. If they do not hold the answer, say so plainly.';

const allowed: Allowed = {
  addressFor: url => (url.hostname === 'shop.example' ? url.origin + url.pathname : undefined),
  hasEmail: key => key === 'help@shop.example',
  hasPhone: digits => digits === '35315550100',
  hasNumber: digits => ['2', '0', '14', '36', '37', '38', '39', '4006381333931'].includes(digits),
  hasDocument: index => index <= 2,
  instructions,
};

async function* parted(texts: readonly string[]): AsyncGenerator<LlmPart> {
  for (const text of texts) yield { type: 'text', text };
  yield { type: 'finished', reason: 'stop' };
}

async function said(...texts: string[]): Promise<string[]> {
  const all: string[] = [];
  for await (const part of withSafeText(parted(texts), allowed)) if (part.type === 'text') all.push(part.text);
  return all;
}
const whole = async (...texts: string[]) => (await said(...texts)).join('');

const passes = [
  'It is warm [1] and **soft** [2].',
  'See https://shop.example/shipping, or https://shop.example/a_(b).',
  '[The page](https://shop.example/shipping) says so.',
  'Write to help@shop.example, or call +353 1 555 0100.',
  '€1,234,567.00 or 12 345 678,00 € or 1.234.567 EUR; 22.11.2026, 2026-11-22; 2020–2026; 09.00-17.00, 9:00 – 17:00.',
  'z.B. e.g. i.e. U.S.A. p. ex. 3.5 mm, Node.js, sizes.pdf, 30 °C … fine',
  '5 < 6 and 7 > 0; {a} [x] [unclosed',
  '- one\n- two\n\n> quoted\n\n```\ncode\n```',
  'Ja, die Pullover „Möwe“ gibt es in S, M und L. 👩‍🌾 ☕️ 1️⃣',
  'はい、送料は無料です。',
  'می‌خواهم',
  'Answer only from the passages, please.',
  '**help@shop.example**, *help@shop.example*, `help@shop.example` or _help@shop.example_',
  'https://shop.example/größen',
  'Sizes 36/37/38/39 or 36 37 38 39, EAN 4006381333931, version 2.0.14.2',
  '36\n37\n38\n40\n',
  'Main Street 12\n64283 Darmstadt',
  'Rp 1.250.000 or 1234567元, 2.300.000 Stück, 1000-2000 €',
  'Clean@Home, 3 @ 5 €',
];

const cuts: [string, string][] = [
  ['See https://evil.example/x?q=1, now.', 'See , now.'],
  ['See HTTPS://EVIL.EXAMPLE now', 'See  now'],
  ['[Our page](https://evil.example/a) helps', 'Our page helps'],
  ['[Our page]( <https://evil.example/a> "title") helps', 'Our page helps'],
  ['[[a](https://evil.example)](https://evil.example) b', 'a b'],
  ['![pixel](https://evil.example/p.png?d=secret) b', 'pixel b'],
  ['![pixel](https://shop.example/p.png) b', 'pixel b'],
  ['[a](javascript:alert(1)) b', 'a b'],
  ['javascript:alert(1) b', ' b'],
  ['data:text/html;base64,PHNjcmlwdD4= b', ' b'],
  ['<a href="https://evil.example">click</a> here', 'click here'],
  ['<script>alert(1)</script> x', 'alert(1) x'],
  ['<img src=x onerror=alert(1)> x', ' x'],
  ['<https://evil.example> x', ' x'],
  ['https://shop.example@evil.example/ x', ' x'],
  ['https://shop.example\\@evil.example/ x', ' x'],
  ['https://shop.example.evil.example/ x', ' x'],
  ['https://shop.example/cart?add-to-cart=9#x x', 'https://shop.example/cart x'],
  ['evil.example/path x', ' x'],
  ['go to www.evil.com today', 'go to  today'],
  ['go to EVIL.COM.', 'go to .'],
  ['go to еvil.сом.', 'go to .'],
  ['ｈｔｔｐｓ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ x', ' x'],
  ['ht\u200btps://evil.exam\u00adple x', ' x'],
  ['ht\u200dtps://evil.example x', ' x'],
  ['\u202ehttps://evil.example\u202c x', ' x'],
  ['http://1.2.3.4/ or 1.2.3.4:80/x x', ' or  x'],
  ['ftp://files.evil.example x', ' x'],
  ['write to jane@evil.example!', 'write to !'],
  ['write to mailto:jane@evil.example!', 'write to !'],
  ['write to jane (at) evil.example!', 'write to jane (at) !'],
  ['write to jane(at)evil.example!', 'write to !'],
  ['write to mailto:help@shop.example!', 'write to help@shop.example!'],
  ['call +44 20 7946 0958 now', 'call  now'],
  ['call (020) 7946-0958 now', 'call  now'],
  ['call ٠٢٠٧٩٤٦٠٩٥٨ now', 'call  now'],
  ['It is warm [3], soft [1][9], and [1, 2] or [7, 8].', 'It is warm , soft [1], and [1][2] or .'],
  [`They say: "${instructions}" and more`, 'They say: "Answer only ." and more'],
  ['ANSWER ONLY — from the passages of the website, that you are given! Yes', 'ANSWER ONLY — ! Yes'],
  ['It is wool.Nothing else', 'It is wool. Nothing else'],
  ['Dr.Martens, T.J.Maxx, inkl.MwSt and Ja.Nein', 'Dr. Martens, T. J. Maxx, inkl. MwSt and Ja. Nein'],
  ['go to Evil.Shop now', 'go to  now'],
  ['write to **jane@evil.example** now', 'write to **** now'],
  ['call 01.01.2026 020 7946 0018 now', 'call 01.01.2026  now'],
  ['call +44 20 7946 0018 EUR now', 'call  EUR now'],
  ['call 020 **7946** **0018** or 020_7946_0018 now', 'call ** or  now'],
  ['&#104;ttps&#x3a;//evil&#46;example/a or evil&period;example now', ' or  now'],
  ['evil[.]example or evil(dot)example now', ' or  now'],
  ['a‮b', 'ab'],
  ['请访问https://evil.example/zh。', '请访问。'],
  ['请写信到ann@evil.example，谢谢', '请写信到，谢谢'],
];

describe('the text of an answer', () => {
  it.each(passes)('passes as it is: %s', async text => {
    expect(await whole(text)).toBe(text);
    expect(await whole(...text)).toBe(text);
  });

  it.each(cuts)('is made safe: %s', async (text, told) => {
    expect(await whole(text)).toBe(told);
  });

  it.each([...passes.map(text => [text]), ...cuts])('is the same wherever it is cut: %s', async text => {
    const once = await whole(text);
    // By code unit, so that a sign can be cut in two.
    const units = text.split('');
    expect(await whole(...units)).toBe(once);
    for (let at = 1; at < text.length; at += 1) expect(await whole(text.slice(0, at), text.slice(at))).toBe(once);
  });

  it('is told as far as it is sure, while the rest is not there yet', async () => {
    const told: string[] = [];
    async function* cut(): AsyncGenerator<LlmPart> {
      for (const text of ['Half an ', 'answer ', 'and']) {
        yield { type: 'text', text };
        told.push('|');
      }
    }
    for await (const part of withSafeText(cut(), allowed)) if (part.type === 'text') told.push(part.text);
    expect(told).toEqual(['Half an ', '|', 'answer ', '|', '|']);
  });

  it('is told word by word', async () => {
    expect(await said('It ', 'is ', 'wa', 'rm and ', 'soft.')).toEqual(['It ', 'is ', 'warm and ', 'soft.']);
  });

  it('does not wait for the end of what has none', async () => {
    const pieces = Array.from({ length: 500 }, () => 'x'.repeat(100));
    expect((await whole('a ', ...pieces, ' b')).length).toBeLessThan(5_000);
    const brackets = await said('[', ...Array.from({ length: 400 }, () => 'word '), 'end');
    expect(brackets.length).toBeGreaterThan(100);
  });

  it('knows the figures of other scripts', () => {
    expect(digitsIn('+353 (1) ５５٥۰१')).toBe('353155501');
  });
});
