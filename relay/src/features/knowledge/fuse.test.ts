import { describe, expect, it } from 'vitest';
import { fuse } from './fuse.ts';
import type { Ranked } from './ranking.ts';

const ranking = (names: string, score = 1): Ranked[] =>
  [...names].map((documentId, place) => ({ documentId, ordinal: 0, score: score / (place + 1) }));
const order = (rankings: Ranked[][]) =>
  fuse(rankings)
    .map(({ documentId }) => documentId)
    .join('');

describe('joined rankings', () => {
  it('put what several of them name before what stands first in one', () => {
    expect(order([ranking('abcd'), ranking('xcyd')])).toBe('cdaxby');
  });

  it('hold every passage of any of them, once', () => {
    expect(order([ranking('abc'), ranking('cdb')])).toHaveLength(4);
    expect(order([ranking('abc'), []])).toBe('abc');
    expect(order([[], []])).toBe('');
  });

  it('take the passages of one document for different ones', () => {
    const [first, second] = [ranking('a'), ranking('a').map(each => ({ ...each, ordinal: 1 }))];
    expect(fuse([first, second]).map(({ ordinal }) => ordinal)).toEqual([0, 1]);
  });

  it('count places, not scores', () => {
    expect(order([ranking('ab', 1_000), ranking('cb', 0.001)])).toBe('bac');
  });

  it('let the earlier ranking decide where two count the same', () => {
    expect(order([ranking('a'), ranking('b')])).toBe('ab');
    expect(order([ranking('b'), ranking('a')])).toBe('ba');
  });
});
