import type { StatsResponse } from '../../../contract/src/stats.ts';

/** What was counted on one day at a site. */
export type DayNumbers = StatsResponse['days'][number];

export const sumOf = (days: DayNumbers[], name: keyof Omit<DayNumbers, 'day'>): number =>
  days.reduce((sum, numbers) => sum + numbers[name], 0);

/** How much of what was asked found its answer, from 0 to 1; null where nothing was asked, which is not "none". */
export function shareOf(answered: number, unanswered: number): number | null {
  const asked = answered + unanswered;
  return asked === 0 ? null : answered / asked;
}
