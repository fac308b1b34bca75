import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fold, tokenize } from './tokens.ts';

const NAUGHTY = new URL('../../../../../shared/data/fetched/security/naughty_strings.json.gz', import.meta.url);

/** The tokens of a text: a word as it is, `=exact`, `~hint`. */
const of = (text: string) =>
  tokenize(text)
    .map(token => `${{ word: '', exact: '=', hint: '~' }[token.kind]}${token.text}`)
    .join(' ');
const terms = (text: string) => new Set(tokenize(text).map(token => fold(token.text)));
/** What is asked for and does not stand in what a page says; a letter alone says nothing. */
const missing = (asked: string, said: string) =>
  tokenize(asked)
    .filter(({ text, kind }) => kind !== 'hint' && (text.length > 1 || /[sml0-9]/.test(text)))
    .map(({ text }) => fold(text))
    .filter(text => !terms(said).has(text));

describe('words', () => {
  it.each([
    ['Wool, JUMPERS; and (socks)!', 'wool jumpers and socks'],
    ['The shop’s, it’s and I`ve', 'the shop it and'],
    ["don't won't can't isn't", 'do will can is'],
    ["l'eau dell'acqua aujourd'hui O'Neill", 'eau dell acqua aujourd hui neill'],
    ['T-Shirts and e-mail', 'tshirts ~shirts and email ~mail'],
    ['a rain-jacket', 'a rain jacket ~rainjacket'],
    ['see info@shop.example/care_guide', 'see info shop example care guide'],
    ['ﬁne ｗｉｄｅ', 'fine wide'],
    ['日本のタオル 양말 ผ้า 茶', '=日本 =本の =のタ =タオ =オル =양말 =ผ้ =้า =茶'],
    ['Pflege羊毛', 'pflege =羊毛'],
    ['', ''],
    ['?! 😀 👩‍👩‍👧 --', ''],
  ])('of %j are %j', (text, tokens) => {
    expect(of(text)).toBe(tokens);
  });

  it.each([
    ['Größe', 'GROSSE'],
    ['straße', 'Strasse'],
    ['café', 'cafe\u0301'],
    ['İstanbul', 'istanbul'],
    ['smørbrød', 'smorbrod'],
    ['Łódź', 'lodz'],
    ['œuvre', 'oeuvre'],
    ['ёлка', 'елка'],
  ])('%j and %j are the same without their accents', (one, other) => {
    expect(terms(one)).toEqual(terms(other));
  });

  it.each(['हिन्दी', 'がぎ', '한국어'])('keep the marks that make another letter: %s', word => {
    expect(fold(word)).toBe(word);
  });

  it.runIf(existsSync(NAUGHTY))('of naughty strings are well-formed, none of them empty', () => {
    const strings: string[] = JSON.parse(gunzipSync(readFileSync(NAUGHTY)).toString('utf8'));
    const texts = strings.flatMap(tokenize).map(({ text }) => text);
    expect(strings.length).toBeGreaterThan(400);
    expect(texts.filter(text => text.trim() === '' || /\s/.test(text) || !text.isWellFormed())).toEqual([]);
  });

  it('are cut where they are longer than any word', () => {
    for (const letter of ['a', '1', 'ß', '𝒳', '🧶x']) {
      for (const { text } of tokenize(letter.repeat(10_000))) expect(text.length).toBeLessThanOrEqual(130);
    }
  });
});

describe('codes and sizes', () => {
  it.each([
    ['MG-1204/B', 'mg1204b'],
    ['MG-1204/B', 'MG 1204 B'],
    ['mg 1204 b', 'MG-1204/B'],
    ['mg1204b', 'our MG-1204/B, in blue'],
    ['SKU 00123', 'SKU-00123'],
    ['sku-00123', 'SKU 00123'],
    ['00123', 'SKU: 00123'],
    ['10x15 cm', '10 × 15 cm'],
    ['10 x 15', '10x15cm'],
    ['42 1/2', '42½'],
    ['42½', '42 1/2'],
    ['XXL', '2XL'],
    ['xxxl', '3xl'],
    ['14.90', '14.90 €'],
    ['GORE-TEX 3L', 'gore-tex 3L'],
  ])('%j is found as %j', (asked, said) => {
    expect(tokenize(asked).length).toBeGreaterThan(0);
    expect(missing(asked, said)).toEqual([]);
  });

  it.each([
    ['MG-1204/A', 'MG-1204/B'],
    ['MG-1205', 'MG-1204'],
    ['10x15', '15x10'],
    ['42 1/2', '42'],
    ['0123', '00123'],
    ['XL', 'XXL'],
    ['size M', 'size L'],
  ])('%j is not %j', (asked, said) => {
    expect(missing(asked, said)).not.toEqual([]);
  });

  it('a letter is a size where it stands alone, and no rest of a word', () => {
    expect(of('in S or m, XL')).toBe('in =s or =m =xl');
    expect(of("it's I'm l'eau")).toBe('it eau');
  });

  it('a number and what it counts are also looked for side by side', () => {
    expect(of('within 30 days')).toBe('within ~within·30 =30 ~30·days days');
    expect(of('the 30. Days')).toBe('the ~the·30 =30 days');
  });
});
