import { describe, expect, it } from 'vitest';
import { wordsQuery, wordsVector } from './words.ts';

const SITE = '01a204dd-d5c8-737c-9705-d989af73beef';
const kept = (text: string) => wordsVector(SITE, text).values[0];

describe('the words that a text is found by', () => {
  it('are small, each once, and of their site', () => {
    expect(kept('Größe GRÖSSE, größe: 42½!')).toEqual(['beefgröße', 'beefgrösse', 'beef421', 'beef2']);
  });

  it('are pairs where a script has no spaces, and the last sign by itself', () => {
    expect(kept('送料は iPhone15')).toEqual(['beef送料', 'beef料は', 'beefは', 'beefiphone15']);
    expect(wordsQuery(SITE, '送料は')).toBe(`'beef送料' & 'beef料は':*`);
    expect(wordsQuery(SITE, '送')).toBe(`'beef送':*`);
  });

  it('are cut where they have no end, and are well-formed then', () => {
    const [word = ''] = kept(`${'x'.repeat(63)}𝒳`) as string[];
    expect([word.length, word.isWellFormed()]).toEqual([68, true]);
  });

  it('are all asked for, the last one as a beginning', () => {
    expect(wordsQuery(SITE, 'Wool from SHET')).toBe(`'beefwool' & 'beeffrom' & 'beefshet':*`);
  });

  it.each(["'", '\\', "a':* | !b", ':*', '<->', '(', '"'])('say nothing to PostgreSQL but themselves: %s', query => {
    expect(wordsQuery(SITE, query) ?? '').toMatch(/^('beef[a-z]+'( & )?)*(:\*)?$/);
  });

  it('are none in signs alone', () => {
    expect([wordsQuery(SITE, '!? …'), kept('!? …')]).toEqual([undefined, []]);
  });
});
