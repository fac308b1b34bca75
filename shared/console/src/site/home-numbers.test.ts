import { describe, expect, it } from 'vitest';
import { shareOf, sumOf } from './home-numbers.ts';

describe('the numbers of the home', () => {
  it('tell a day on which nothing was asked from one on which nothing was answered', () => {
    expect(shareOf(0, 0)).toBeNull();
    expect(shareOf(0, 4)).toBe(0);
    expect(shareOf(3, 1)).toBe(0.75);
  });

  it('are summed over the days', () => {
    const quiet = { conversations: 0, answers: 0, answered: 0, unanswered: 0, costUsd: 0, opened: 0, pageViews: 0 };
    const days = [2, 0, 5].map((leads, index) => ({ ...quiet, day: `2026-01-0${index + 1}`, leads }));
    expect(sumOf(days, 'leads')).toBe(7);
  });
});
