import { addDays, localTimeOf, momentOf as momentOfLocalTime } from '../../lib/local-time.ts';

/** A night is named by the date on which 03:00 comes in it: `2026-11-22`. Its purge is due from then on. */
export type Night = string;

const DUE = 3 * 60;

/** The night whose 03:00 came last in this time zone, by the zone's own calendar, summer time included. */
export function nightOf(moment: Date, timezone: string): Night {
  const { date, minute } = localTimeOf(moment, timezone);
  return minute >= DUE ? date : addDays(date, -1);
}

export const nightAfter = (night: Night): Night => addDays(night, 1);

/** When a night's 03:00 comes in this time zone; where clocks skip it, the first moment after. */
export const momentOf = (night: Night, timezone: string): Date =>
  momentOfLocalTime({ date: night, minute: DUE }, timezone);
