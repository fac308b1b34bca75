import { type Hours, weekday } from '@confab/contract';
import { addDays, localTimeOf, momentOf } from '../../lib/local-time.ts';
import type { StoredSettings } from './secrets.ts';

/** Whether a site is open, and when it opens next where it is closed; `null` where it never does. */
export type OpeningState = { open: boolean; nextOpenAt: Date | null };

type Span = { from: Date; to: Date };

/**
 * The opening hours of a site at a moment, by the clocks of its time zone. Who opens in an hour that the clocks skip
 * opens after it; where they show an hour twice, its first time counts. Nothing begins on a holiday, and on the date of an
 * exception nothing but what it says; what began the evening before goes on to its end.
 */
export function openingStateAt(
  { hours, timezone }: Pick<StoredSettings, 'hours' | 'timezone'>,
  moment: Date,
): OpeningState {
  if (hours === null) return { open: true, nextOpenAt: null };
  const today = localTimeOf(moment, timezone).date;
  const begun = [addDays(today, -1), today].flatMap(date => spansOf(hours, timezone, date));
  if (begun.some(({ from, to }) => from <= moment && moment < to)) return { open: true, nextOpenAt: null };

  // Each holiday or exception can take the place of a whole week at most: what is not found by then never comes.
  const weeks = hours.weekly.length > 0 ? hours.holidays.length + hours.exceptions.length + 2 : 0;
  const days = Array.from({ length: 7 * weeks }, (_, day) => addDays(today, day));
  const special = hours.exceptions.map(({ date }) => date).filter(date => date >= today);
  for (const date of [...new Set([...days, ...special])].sort()) {
    const coming = spansOf(hours, timezone, date).filter(({ from }) => from > moment);
    if (coming.length > 0) return { open: false, nextOpenAt: new Date(Math.min(...coming.map(({ from }) => +from))) };
  }
  return { open: false, nextOpenAt: null };
}

/** When the site is open that opens on this date. */
function spansOf(hours: Hours, timezone: string, date: string): Span[] {
  return hoursOn(hours, date)
    .map(({ opens, closes }) => ({
      from: momentOf({ date, minute: minuteOf(opens) }, timezone),
      to: momentOf({ date: closes > opens ? date : addDays(date, 1), minute: minuteOf(closes) }, timezone),
    }))
    .filter(({ from, to }) => from < to);
}

/** What is said of a date: by an exception, else by a holiday, else by the week. */
function hoursOn({ weekly, holidays, exceptions }: Hours, date: string): { opens: string; closes: string }[] {
  const exception = exceptions.find(each => each.date === date);
  if (exception) return exception.spans;
  if (holidays.some(holiday => holiday.date === date)) return [];
  // JavaScript's weeks begin with Sunday, ours with Monday.
  const day = weekday.options[(new Date(date).getUTCDay() + 6) % 7];
  return weekly.filter(span => span.day === day);
}

function minuteOf(time: string): number {
  const [hour, minute] = time.split(':').map(Number) as [number, number];
  return hour * 60 + minute;
}
