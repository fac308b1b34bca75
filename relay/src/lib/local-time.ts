const MINUTE_MS = 60 * 1_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A moment as the clocks of a time zone show it: its date, such as `2026-11-22`, and the minute of that day. */
export type LocalTime = { date: string; minute: number };

export function localTimeOf(moment: Date, timezone: string): LocalTime {
  const shown = new Date(clockOf(moment.getTime(), timezone));
  return { date: shown.toISOString().slice(0, 10), minute: shown.getUTCHours() * 60 + shown.getUTCMinutes() };
}

/**
 * When the clocks of a time zone first show this date and minute of the day; where they skip it, the first moment after
 * the gap.
 */
export function momentOf({ date, minute }: LocalTime, timezone: string): Date {
  const wanted = Date.parse(date) + minute * MINUTE_MS;
  // A zone is 14 hours ahead of UTC at most and 12 behind, and changes its clocks once in these two days at most.
  const [before, after] = [wanted - DAY_MS, wanted + DAY_MS].map(near => wanted - (clockOf(near, timezone) - near));
  const candidates = [before, after] as [number, number];
  if (before === after) return new Date(candidates[0]);
  const shown = candidates.filter(candidate => clockOf(candidate, timezone) === wanted);
  if (shown.length > 0) return new Date(Math.min(...shown));

  // Skipped: the change of the clocks lies between the two. "from" is before it, "to" is it or behind it.
  let from = Math.min(...candidates) - MINUTE_MS;
  let to = Math.max(...candidates);
  while (to - from > MINUTE_MS) {
    const middle = from + Math.floor((to - from) / MINUTE_MS / 2) * MINUTE_MS;
    if (clockOf(middle, timezone) < wanted) from = middle;
    else to = middle;
  }
  return new Date(to);
}

/** The date so many days later. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);

/** What the clocks of the zone show at a moment, to the minute, as if they showed UTC. */
function clockOf(moment: number, timezone: string): number {
  const parts = Object.fromEntries(
    formatOf(timezone)
      .formatToParts(moment)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>;
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format is a thousand times dearer than using it, and there are a few hundred time zones. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known) return known;
  const numeric = 'numeric';
  const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric } as const;
  const format = new Intl.DateTimeFormat('en-US', {
    ...fields,
    hourCycle: 'h23',
    calendar: 'gregory',
    timeZone: timezone,
  });
  formats.set(timezone, format);
  return format;
}
