/** A night is named by the date on which 03:00 comes in it: `2026-11-22`. Its purge is due from then on. */
export type Night = string;

const HOUR_MS = 60 * 60 * 1_000;
const MINUTE_MS = 60 * 1_000;

/** The night whose 03:00 came last in this time zone, by the zone's own calendar, summer time included. */
export function nightOf(moment: Date, timezone: string): Night {
  const parts = Object.fromEntries(
    formatOf(timezone)
      .formatToParts(moment)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour', number>;
  const day = parts.hour >= 3 ? parts.day : parts.day - 1;
  return dateOf(Date.UTC(parts.year, parts.month - 1, day));
}

export const nightAfter = (night: Night): Night => dateOf(Date.parse(night) + 24 * HOUR_MS);

/** When a night's 03:00 comes in this time zone; where clocks skip it, the first moment after. */
export function momentOf(night: Night, timezone: string): Date {
  // Zones are 12 hours behind to 14 ahead of UTC; "from" is before the moment, "to" is it or behind it.
  let from = (Date.parse(night) - 12 * HOUR_MS) / MINUTE_MS;
  let to = (Date.parse(night) + 16 * HOUR_MS) / MINUTE_MS;
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (nightOf(new Date(middle * MINUTE_MS), timezone) < night) from = middle;
    else to = middle;
  }
  return new Date(to * MINUTE_MS);
}

const dateOf = (ms: number): Night => new Date(ms).toISOString().slice(0, 10);

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format is a thousand times dearer than using it, and there are a few hundred time zones. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known) return known;
  const numeric = 'numeric';
  const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat('en-US', { ...fields, calendar: 'gregory', timeZone: timezone });
  formats.set(timezone, format);
  return format;
}
