import { describe, expect, it } from 'vitest';
import { answerability, type Evidence } from './answerability.ts';

type Passage = Evidence['passages'][number];
const passage = (more: Partial<Passage> = {}): Passage => ({
  documentId: 'shipping',
  share: 0.5,
  coverage: 0.8,
  similarity: null,
  ...more,
});
const evidence = (passages: Partial<Passage>[], more: Partial<Evidence> = {}): Evidence => ({
  passages: passages.map(passage),
  terms: 3,
  unknownTerms: 0,
  ...more,
});
const scoreOf = (...given: Parameters<typeof evidence>) => answerability(evidence(...given)).score;
const decisionOf = (...given: Parameters<typeof evidence>) => answerability(evidence(...given)).decision;

const tenths = Array.from({ length: 11 }, (_, at) => at / 10);
const rises = (values: number[]) => values.every((value, at) => at === 0 || value >= (values[at - 1] as number));

describe('the score', () => {
  it('never falls where a passage holds more of the question, scores higher, or means more alike', () => {
    for (const terms of [1, 2, 3, 8]) {
      for (const other of tenths) {
        expect(rises(tenths.map(coverage => scoreOf([{ coverage, share: other }], { terms })))).toBe(true);
        expect(rises(tenths.map(share => scoreOf([{ coverage: other, share }], { terms })))).toBe(true);
        expect(rises(tenths.map(similarity => scoreOf([{ coverage: other, similarity }], { terms })))).toBe(true);
      }
    }
    expect(scoreOf([{ coverage: 1 }])).toBeGreaterThan(scoreOf([{ coverage: 0.3 }]));
  });

  it('falls with words that no page holds', () => {
    const scores = [0, 1, 2, 3].map(unknownTerms => scoreOf([{ coverage: 1 }], { unknownTerms }));
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(scores).size).toBe(4);
    expect(scores[3]).toBe(0);
  });

  it('counts no more than a few words of a long question', () => {
    const long = { terms: 200, unknownTerms: 0 };
    expect(scoreOf([{ coverage: 0.3, share: 0.05 }], long)).toBe(scoreOf([{ coverage: 0.9, share: 0.05 }], long));
    expect(scoreOf([{ coverage: 0.9, share: 0.05 }], long)).toBeLessThan(0.9);
  });

  it('is that of the best among the first three passages', () => {
    const [good, poor] = [
      { share: 0.9, coverage: 1 },
      { share: 0.1, coverage: 0.2 },
    ];
    expect(scoreOf([poor, poor, good])).toBe(scoreOf([good]));
    expect(scoreOf([poor, poor, poor, good])).toBe(scoreOf([poor]));
  });

  it('stays between 0 and 1 for evidence of any kind', () => {
    const odd = [Number.NaN, -1, 0, 1e-9, 0.5, 1, 2, 1e9, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of odd) {
      for (const other of odd) {
        for (const similarity of [null, value]) {
          const some = [{ share: value, coverage: other, similarity }];
          const { score, decision } = answerability(evidence(some, { terms: other, unknownTerms: value }));
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
          expect(['answer', 'ask_back', 'unknown']).toContain(decision);
        }
      }
    }
  });
});

describe('the decision', () => {
  it('is not to know where nothing was found', () => {
    expect(answerability(evidence([]))).toEqual({ score: 0, decision: 'unknown' });
  });

  it('is not to know where nothing is asked, whatever was found', () => {
    const some = evidence([{ share: 1, coverage: 1, similarity: 1 }], { terms: 0 });
    expect(answerability(some)).toEqual({ score: 0, decision: 'unknown' });
  });

  it('goes from not knowing over asking back to answering', () => {
    const decisions = tenths.map(share => decisionOf([{ share: share / 2, coverage: share }]));
    expect([...new Set(decisions)]).toEqual(['unknown', 'ask_back', 'answer']);
  });

  it('is to ask back where one word fits several documents alike', () => {
    const ids = ['sizing', 'jumper', 'socks'];
    const alike = ids.map(documentId => ({ documentId, share: 0.9, coverage: 1 }));
    expect(decisionOf(alike, { terms: 1 })).toBe('ask_back');
    expect(decisionOf(alike.slice(0, 2), { terms: 1 })).toBe('answer');
    expect(decisionOf(alike, { terms: 2 })).toBe('answer');
    const [first, ...rest] = alike;
    expect(decisionOf([{ ...first }, ...rest.map(each => ({ ...each, share: 0.5 }))], { terms: 1 })).toBe('answer');
    expect(
      decisionOf(
        alike.map(each => ({ ...each, documentId: 'sizing' })),
        { terms: 1 },
      ),
    ).toBe('answer');
  });

  it('is to answer by meaning where no word is shared, as in another language', () => {
    const foreign = (similarity: number) =>
      decisionOf([{ share: 0, coverage: 0, similarity }], { terms: 3, unknownTerms: 3 });
    expect([0.2, 0.45, 0.7].map(foreign)).toEqual(['unknown', 'ask_back', 'answer']);
  });
});
