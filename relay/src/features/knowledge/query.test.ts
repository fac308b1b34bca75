import { describe, expect, it } from 'vitest';
import { dictionaryFor } from './indexing.ts';
import { likeliest, type Stems } from './language.ts';
import { queryOf, tokensOf } from './query.ts';

/** What a dictionary makes of words: "warm:" is a stop word, "jackets:jacket" has a stem. */
const stems = (text: string): Stems =>
  new Map(
    text.split(' ').map(pair => {
      const [word = '', stem] = pair.split(':');
      return [word, stem === '' ? null : (stem ?? word)];
    }),
  );

const english = stems('how: is: the: die jackets:jacket wie warm jacke washed:wash mg');
const german = stems('how is the die: jackets wie: warm jacke:jack washed mg ist:');
const stemsOf = new Map([
  ['english_stem', english],
  ['german_stem', german],
]);
const query = (question: string, held = ['english_stem'], spoken = ['english_stem', 'german_stem']) =>
  queryOf(tokensOf(question), stemsOf, { spoken, held });

describe('a question', () => {
  it('is looked for by its stems, its stop words counting little', () => {
    expect(query('How are the jackets washed?')).toEqual({
      language: 'english_stem',
      asked: [
        { terms: ['are'], isFact: false },
        { terms: ['jacket'], isFact: false },
        { terms: ['wash'], isFact: false },
      ],
      sought: [
        { text: 'how', factor: 1, weight: 0.4 },
        { text: 'are', factor: 1, weight: null },
        { text: 'the', factor: 1, weight: 0.4 },
        { text: 'jacket', factor: 1, weight: null },
        { text: 'wash', factor: 1, weight: null },
      ],
    });
  });

  it('is taken for the language of most of its stop words, whatever the visitor’s is', () => {
    expect(query('wie warm ist die Jacke').language).toBe('german_stem');
    expect(query('how warm is the jacke', ['english_stem'], ['german_stem', 'english_stem']).language).toBe(
      'english_stem',
    );
    expect(query('warm jackets').language).toBeUndefined();
  });

  it('is looked for in every language of the pages, each word still one word', () => {
    const { asked, sought } = query('wie warm ist die Jacke', ['english_stem', 'german_stem']);
    expect(asked).toEqual([
      { terms: ['warm'], isFact: false },
      { terms: ['jacke', 'jack'], isFact: false },
    ]);
    expect(sought.filter(({ weight }) => weight === null).map(({ text }) => text)).toEqual(['warm', 'jacke', 'jack']);
  });

  it('holds two words in one as a hint that is no word of its own', () => {
    const { asked, sought } = query('MG 1204');
    expect(asked.map(({ terms }) => terms)).toEqual([['mg'], ['1204']]);
    expect(sought).toContainEqual({ text: 'mg·1204', factor: 0.5, weight: null });
  });

  it.each(['please tell me', 'hallo, danke', 'merci'])('of nothing but manners asks for nothing: %s', text => {
    expect(query(text).asked.filter(({ terms }) => !terms.includes('me'))).toEqual([]);
  });

  it('knows what code tells of a product', () => {
    expect(query('Größen price wool').asked.map(({ isFact }) => isFact)).toEqual([true, true, false]);
  });

  it('of any length has a number of words that can be looked for, from its beginning and its end', () => {
    const long = tokensOf(
      `first ${Array.from({ length: 2_000 }, (_, at) => `word${'x'.repeat(at % 90)}y`).join(' ')} last`,
    );
    expect(long.length).toBeLessThanOrEqual(48);
    expect(long.at(0)?.text).toBe('first');
    expect(long.at(-1)?.text).toBe('last');
  });

  it('said twice is asked once', () => {
    expect(tokensOf('wool WOOL wool').length).toBe(1);
  });
});

describe('the likeliest language', () => {
  it('is the first where nothing tells', () => {
    expect(likeliest(['warm'], stemsOf)).toEqual({ dictionary: 'english_stem', isSure: false });
    expect(likeliest([], new Map())).toBeUndefined();
  });
});

describe('the language of a page', () => {
  const counts = (german: number, english: number) =>
    new Map([
      ['german_stem', german],
      ['english_stem', english],
    ]);
  it.each([
    ['what it says, where the text agrees', counts(2, 30), 'english_stem', 'english_stem'],
    ['what it says, where the text leaves it open', counts(10, 9), 'english_stem', 'english_stem'],
    ['what it says, where the text is short', counts(5, 0), 'english_stem', 'english_stem'],
    ['that of the text, where it is plainly another', counts(40, 4), 'english_stem', 'german_stem'],
    ['that of the text, where it says none', counts(6, 5), undefined, 'german_stem'],
    ['the site’s, where nothing tells', counts(0, 0), undefined, 'english_stem'],
    ['one that no dictionary knows', counts(1, 2), 'simple', 'simple'],
  ])('is %s', (_, stopWords, declared, expected) => {
    expect(dictionaryFor(stopWords, declared, 'english_stem')).toBe(expected);
  });
});
