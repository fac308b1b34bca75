import { describe, expect, it } from 'vitest';
import { type Costs, limitsOf, oneRegion, ordinary, simulate } from './scaling-model.ts';

const costs: Costs = {
  relayMsPerTurn: 10,
  databaseMsPerTurn: 5,
  commitsPerTurn: 5,
  kbPerStream: 400,
  bytesPerConversation: 10_000,
  bytesPerPage: 10_000,
  purgeMsPerSite: 10,
  purgedMessagesPerS: 10_000,
  sweepMsPer1000: 5,
  scrapeMsPer1000: 5,
  notifyingCommitsPerS: 5_000,
  consentsPerSPerSite: 300,
};
const needOf = (what: string, sites: number, given: Partial<Costs> = {}) =>
  simulate({ ...ordinary, sites }, { ...costs, ...given }, oneRegion).find(need => need.what === what)?.need ?? 0;

describe('the model of scaling', () => {
  it('gives the same day for the same seed, and another for another', () => {
    const day = (seed: number) => simulate({ ...ordinary, sites: 1_000 }, costs, oneRegion, seed);
    expect(day(1)).toEqual(day(1));
    expect(day(1)).not.toEqual(day(2));
  });

  it('spends a whole day: what comes in its minutes is what comes in all', () => {
    // At a constant flow the database would be busy for so long; the worst minute is a few times that.
    const mean = (10_000 * 3 * 4 * 4 * 5) / 1_000 / 86_400;
    const worst = needOf('PostgreSQL cores', 10_000);
    expect(worst / mean).toBeGreaterThan(1.3);
    expect(worst / mean).toBeLessThan(3.5);
  });

  it.each([
    ['PostgreSQL cores', { databaseMsPerTurn: 10 }],
    ['commits that tell (NOTIFY)', { commitsPerTurn: 10 }],
    ['reading /metrics', { scrapeMsPer1000: 10 }],
    ['looking for due purges', { sweepMsPer1000: 10 }],
  ] as const)('needs twice as much of "%s" where a unit costs twice as much', (what, dearer) => {
    expect(needOf(what, 10_000, dearer) / needOf(what, 10_000)).toBeCloseTo(2, 1);
  });

  it('says what breaks first, and it is what its costs say', () => {
    const first = (given: Partial<Costs>) => limitsOf(ordinary, { ...costs, ...given }, oneRegion)[0]?.what;
    expect(first({ scrapeMsPer1000: 5_000 })).toBe('reading /metrics');
    expect(first({ notifyingCommitsPerS: 5 })).toBe('commits that tell (NOTIFY)');
  });
});
