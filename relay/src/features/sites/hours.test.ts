import type { Hours } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { localTimeOf } from '../../lib/local-time.ts';
import { openingStateAt } from './hours.ts';

const MINUTE = 60_000;
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const daily = (opens: string, closes: string): Hours['weekly'] => days.map(day => ({ day, opens, closes }));
const on = (day: Hours['weekly'][number]['day'], opens: string, closes: string) => ({ day, opens, closes });

function stateAt(moment: string, weekly: Hours['weekly'], timezone = 'UTC', holidays: string[] = []) {
  const hours = { weekly, holidays: holidays.map(date => ({ date, name: 'Holiday' })) };
  const { open, nextOpenAt } = openingStateAt({ hours, timezone }, new Date(moment));
  return open ? 'open' : (nextOpenAt?.toISOString() ?? 'closed for good');
}

describe('a site with opening hours', () => {
  const office = days.slice(0, 5).flatMap(day => [on(day, '09:00', '12:30'), on(day, '13:30', '17:00')]);

  it.each([
    // 23 November 2026 is a Monday.
    ['before it opens', '2026-11-23T08:59:59.999Z', '2026-11-23T09:00:00.000Z'],
    ['as it opens', '2026-11-23T09:00:00.000Z', 'open'],
    ['in the last moment', '2026-11-23T12:29:59.999Z', 'open'],
    ['at the break', '2026-11-23T12:30:00.000Z', '2026-11-23T13:30:00.000Z'],
    ['in the evening', '2026-11-23T17:00:00.000Z', '2026-11-24T09:00:00.000Z'],
    ['on Friday evening', '2026-11-27T17:00:00.000Z', '2026-11-30T09:00:00.000Z'],
  ])('%s', (_, moment, expected) => {
    expect(stateAt(moment, office)).toBe(expected);
  });

  it('is always open where it has none, and never where none of its days has any', () => {
    expect(openingStateAt({ hours: null, timezone: 'UTC' }, new Date())).toEqual({ open: true, nextOpenAt: null });
    expect(stateAt('2026-11-23T12:00:00Z', [])).toBe('closed for good');
  });

  it('is open past midnight, and around the clock where it closes when it opens', () => {
    const bar = [on('friday', '18:00', '02:00')];
    expect(stateAt('2026-11-27T23:59:00Z', bar)).toBe('open');
    expect(stateAt('2026-11-28T01:59:59Z', bar)).toBe('open');
    expect(stateAt('2026-11-28T02:00:00Z', bar)).toBe('2026-12-04T18:00:00.000Z');
    expect(stateAt('2026-11-27T01:00:00Z', bar)).toBe('2026-11-27T18:00:00.000Z');
    for (let hour = 0; hour < 24; hour += 1) {
      expect(stateAt(`2026-11-23T${String(hour).padStart(2, '0')}:30:00Z`, daily('05:00', '05:00'))).toBe('open');
    }
  });

  it('does not open on a holiday, however many there are, and ends what the evening before began', () => {
    const holidays = ['2026-12-24', '2026-12-25', '2026-12-31', '2027-01-01'];
    expect(stateAt('2026-12-23T20:00:00Z', office, 'UTC', holidays)).toBe('2026-12-28T09:00:00.000Z');
    expect(stateAt('2026-12-24T10:00:00Z', office, 'UTC', holidays)).toBe('2026-12-28T09:00:00.000Z');
    expect(stateAt('2026-12-24T01:00:00Z', daily('18:00', '02:00'), 'UTC', holidays)).toBe('open');
    const mondays = Array.from({ length: 60 }, (_, week) =>
      new Date(Date.parse('2026-11-23') + week * 7 * 24 * 60 * MINUTE).toISOString().slice(0, 10),
    );
    expect(stateAt('2026-11-23T08:00:00Z', [on('monday', '09:00', '10:00')], 'UTC', mondays)).toBe(
      '2028-01-17T09:00:00.000Z',
    );
  });

  it('keeps the holiday of its own calendar, not of UTC', () => {
    // In Auckland it is the 25th from 11:00 UTC of the 24th on.
    const always = daily('00:00', '00:00');
    expect(stateAt('2026-12-24T10:59:00Z', always, 'Pacific/Auckland', ['2026-12-25'])).toBe('open');
    expect(stateAt('2026-12-24T11:00:00Z', always, 'Pacific/Auckland', ['2026-12-25'])).toBe(
      '2026-12-25T11:00:00.000Z',
    );
  });

  it.each([
    // Berlin's clocks skip 02:00 to 03:00 on 29 March and show it twice on 25 October.
    ['opens after the hour that is skipped', '2026-03-29T00:30:00Z', '02:30', '06:00', '2026-03-29T01:00:00.000Z'],
    ['is open from then on', '2026-03-29T01:00:00Z', '02:30', '06:00', 'open'],
    ['has no hours within it', '2026-03-29T00:30:00Z', '02:10', '02:50', '2026-03-30T00:10:00.000Z'],
    ['opens when a doubled hour comes first', '2026-10-25T00:00:00Z', '02:00', '06:00', 'open'],
    ['and stays open through its second time', '2026-10-25T01:00:00Z', '02:00', '06:00', 'open'],
    ['closes when a doubled hour comes first', '2026-10-25T00:30:00Z', '22:00', '02:30', '2026-10-25T21:00:00.000Z'],
    ['is an hour longer closed in that night', '2026-10-24T20:00:00Z', '08:00', '22:00', '2026-10-25T07:00:00.000Z'],
  ])('%s', (_, moment, opens, closes, expected) => {
    expect(stateAt(moment, daily(opens, closes), 'Europe/Berlin')).toBe(expected);
  });

  const zones = ['Europe/Berlin', 'Australia/Lord_Howe', 'America/Santiago'];
  it.each(zones)('says in %s, all year, what its clocks say', timezone => {
    const weekly = [...office, on('saturday', '22:00', '04:30')];
    const hours = { weekly, holidays: [] };
    const from = Date.UTC(2026, 0, 1);
    for (let moment = from; moment < from + 365 * 24 * 60 * MINUTE; moment += 401 * MINUTE) {
      const { open, nextOpenAt } = openingStateAt({ hours, timezone }, new Date(moment));
      // In the night of a change the clocks are no measure: the cases above are.
      if (!nearChange(moment, timezone))
        expect([moment, open]).toEqual([moment, openByClock(weekly, moment, timezone)]);
      expect(open).toBe(nextOpenAt === null);
      if (nextOpenAt === null) continue;
      expect(nextOpenAt.getTime()).toBeGreaterThan(moment);
      expect(openingStateAt({ hours, timezone }, nextOpenAt).open).toBe(true);
      expect(openingStateAt({ hours, timezone }, new Date(nextOpenAt.getTime() - 1)).open).toBe(false);
    }
  });
});

/** The rule as a person reads it off the wall, with no word of moments. */
function openByClock(weekly: Hours['weekly'], moment: number, timezone: string): boolean {
  const { date, minute } = localTimeOf(new Date(moment), timezone);
  const today = (new Date(date).getUTCDay() + 6) % 7;
  const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return weekly.some(({ day, opens, closes }) => {
    const begins = days.indexOf(day);
    if (closes > opens) return begins === today && opens <= time && time < closes;
    return (begins === today && opens <= time) || ((begins + 1) % 7 === today && time < closes);
  });
}

const nearChange = (moment: number, timezone: string): boolean => {
  const hour = 60 * MINUTE;
  const offset = (at: number) => {
    const { date, minute } = localTimeOf(new Date(at), timezone);
    return Date.parse(date) + minute * MINUTE - Math.floor(at / MINUTE) * MINUTE;
  };
  return offset(moment - 12 * hour) !== offset(moment + 12 * hour);
};
