import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { oneLine, withoutLinks } from './harmless.ts';

const of = (text: string) => withoutLinks(text, '[link]');

describe('what a visitor wrote, in an e-mail', () => {
  it.each([
    ['See https://evil.example/a?b=c#d, please.', 'See [link], please.'],
    ['HTTPS://EVIL.EXAMPLE', '[link]'],
    ['javascript://x and ftp://a.b/c (http://x.y)', '[link] and [link] ([link])'],
    ['www.evil.example and evil.example/login?x=1', '[link] and [link]'],
    ['Go to evil.co.uk: now!', 'Go to [link]: now!'],
    ['bücher.example, xn--bcher-kva.example, 例え。テスト', '[link], [link], [link]'],
    ['evil.example:8080/x', '[link]'],
    ['https://ev\u200bil.example', '[link]'],
    ['e\u00advil.example', '[link]'],
    ['user@evil.example', 'user@evil.example'],
    ['Ann.Lee+x@mail.shop.example, please', 'Ann.Lee+x@mail.shop.example, please'],
    ['-evil.example/x _evil.example @evil.example/x .evil.example', '-[link] [link] @[link] .[link]'],
    ['pay_pal.evil.example/login', '[link]'],
    ['aa.bb.cc.dd.ee.ff.gg.hh.ii.jj.evil.example', '[link].[link]'],
    ['evil.example@ and ann@shop.example/evil.example', '[link]@ and ann@shop.example/[link]'],
    ['evil\u2024example evil\ufe52example', '[link] [link]'],
    ['evil.e\u034fxample evil.\u200dexample evil.ex\ufe0fample', '[link] [link] [link]'],
    [
      'It costs 3.50, or 1.234,56 €; z. B. at 9.30 Uhr. And so on...',
      'It costs 3.50, or 1.234,56 €; z. B. at 9.30 Uhr. And so on...',
    ],
    ['e.g. a size 4.2 (v1.2.3)', 'e.g. a size 4.2 (v1.2.3)'],
    ['one\r\ntwo\rthree', 'one\ntwo\nthree'],
    ['a\u0000b\u202ec\u2028d', 'abcd'],
    ['👩‍👩‍👧 שלום ok', '👩‍👩‍👧 שלום ok'],
  ])('%j is %j', (text, expected) => {
    expect(of(text)).toBe(expected);
  });

  it('costs little, however long and odd it is', () => {
    for (const piece of ['a.', 'www.', 'http://', 'a-', '。', '[link](', 'xn--', 'a', 'a@', 'a_', '\u200d'])
      of(piece.repeat(4_000));
  });
});

describe('a line of a header', () => {
  it.each([
    ['Shop\r\nBcc: all@example.com', 'Shop Bcc: all@example.com'],
    ['  a \t b\u2028c\u0000 ', 'a b c'],
    ['Wool\u202e & \u200bSöhne', 'Wool & Söhne'],
    ['🧶'.repeat(90), `${'🧶'.repeat(79)}…`],
  ])('of %j is %j', (text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });

  const strings: string[] = sharedData('fetched/security/naughty_strings.json.gz') ?? [];
  it.skipIf(strings.length === 0)('is one line, whatever it is made of', () => {
    for (const text of strings) expect(oneLine(text)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  });
});
