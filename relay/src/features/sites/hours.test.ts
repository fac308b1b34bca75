import type { Hours } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { localTimeOf } from '../../lib/local-time.ts';
import { openingStateAt } from './hours.ts';

const MINUTE = 60_000;
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const daily = (opens: string, closes: string): Hours['weekly'] => days.map(day => ({ day, opens, closes }));
const on = (day: Hours['weekly'][number]['day'], opens: string, closes: string) => ({ day, opens, closes });

type Exceptions = Record<string, [opens: string, closes: string][]>;

function stateAt(
  moment: string,
  weekly: Hours['weekly'],
  timezone = 'UTC',
  holidays: string[] = [],
  exceptions: Exceptions = {},
) {
  const hours = {
    weekly,
    holidays: holidays.map(date => ({ date, name: 'Holiday' })),
    exceptions: Object.entries(exceptions).map(([date, spans]) => ({
      date,
      name: '',
      spans: spans.map(([opens, closes]) => ({ opens, closes })),
    })),
  };
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

  describe('and exceptions', () => {
    // 24 December 2026 is a Thursday.
    const eve = { '2026-12-24': [['10:00', '13:00']] } satisfies Exceptions;
    it.each([
      ['opens as the exception says', '2026-12-24T09:30:00Z', '2026-12-24T10:00:00.000Z'],
      ['is open by it', '2026-12-24T12:59:59Z', 'open'],
      ['closes by it, and looks past the day when it is over', '2026-12-24T13:00:00Z', '2026-12-25T09:00:00.000Z'],
      ['keeps its week on other days', '2026-12-23T13:30:00Z', 'open'],
    ])('%s', (_, moment, expected) => {
      expect(stateAt(moment, office, 'UTC', [], eve)).toBe(expected);
    });

    it('opens on a holiday that is one, by the exception alone', () => {
      expect(stateAt('2026-12-24T08:00:00Z', office, 'UTC', ['2026-12-24'], eve)).toBe('2026-12-24T10:00:00.000Z');
      expect(stateAt('2026-12-24T15:00:00Z', office, 'UTC', ['2026-12-24', '2026-12-25'], eve)).toBe(
        '2026-12-28T09:00:00.000Z',
      );
    });

    it('has several times of a day, and one past midnight that ends on the next morning', () => {
      const night = {
        '2026-12-23': [
          ['09:00', '10:00'],
          ['20:00', '02:00'],
        ],
      } satisfies Exceptions;
      expect(stateAt('2026-12-23T10:00:00Z', office, 'UTC', [], night)).toBe('2026-12-23T20:00:00.000Z');
      expect(stateAt('2026-12-24T01:59:59Z', office, 'UTC', ['2026-12-24'], night)).toBe('open');
      expect(stateAt('2026-12-24T02:00:00Z', office, 'UTC', ['2026-12-24'], night)).toBe('2026-12-25T09:00:00.000Z');
    });

    it('ends what the evening before began, whatever the exception says', () => {
      const late = { '2026-11-28': [['12:00', '14:00']] } satisfies Exceptions;
      const bar = [on('friday', '18:00', '02:00'), on('saturday', '18:00', '02:00')];
      expect(stateAt('2026-11-28T01:00:00Z', bar, 'UTC', [], late)).toBe('open');
      expect(stateAt('2026-11-28T02:00:00Z', bar, 'UTC', [], late)).toBe('2026-11-28T12:00:00.000Z');
      expect(stateAt('2026-11-28T18:00:00Z', bar, 'UTC', [], late)).toBe('2026-12-04T18:00:00.000Z');
    });

    it('is found however far away it is, also with no weekly hours, and never where it is over', () => {
      const only = { '2029-07-01': [['09:00', '10:00']] } satisfies Exceptions;
      expect(stateAt('2026-11-23T12:00:00Z', [], 'UTC', [], only)).toBe('2029-07-01T09:00:00.000Z');
      expect(stateAt('2029-07-01T09:30:00Z', [], 'UTC', [], only)).toBe('open');
      expect(stateAt('2029-07-01T10:00:00Z', [], 'UTC', [], only)).toBe('closed for good');
      expect(stateAt('2026-11-23T12:00:00Z', [on('monday', '09:00', '10:00')], 'UTC', [], only)).toBe(
        '2026-11-30T09:00:00.000Z',
      );
    });

    it.each([
      // Berlin's clocks skip 02:00 to 03:00 on 29 March and show it twice on 25 October.
      [
        'opens after the hour that is skipped',
        '2026-03-29T00:30:00Z',
        '2026-03-29',
        '02:30',
        '2026-03-29T01:00:00.000Z',
      ],
      [
        'opens when a doubled hour comes first',
        '2026-10-24T23:00:00Z',
        '2026-10-25',
        '02:30',
        '2026-10-25T00:30:00.000Z',
      ],
    ])('%s', (_, moment, date, opens, expected) => {
      expect(stateAt(moment, office, 'Europe/Berlin', [], { [date]: [[opens, '06:00']] })).toBe(expected);
    });

    it('is not opened by times that the clocks skip', () => {
      const skipped = { '2026-03-29': [['02:10', '02:50']] } satisfies Exceptions;
      expect(stateAt('2026-03-29T00:00:00Z', daily('09:00', '10:00'), 'Europe/Berlin', [], skipped)).toBe(
        '2026-03-30T07:00:00.000Z',
      );
    });

    it('is of the calendar of the site, not of UTC', () => {
      const day = { '2026-12-25': [['08:00', '09:00']] } satisfies Exceptions;
      // In Auckland it is 08:30 on the 25th.
      expect(stateAt('2026-12-24T19:30:00Z', [], 'Pacific/Auckland', [], day)).toBe('open');
      expect(stateAt('2026-12-25T08:30:00Z', [], 'Pacific/Auckland', [], day)).toBe('closed for good');
    });
  });

  const zones = ['Europe/Berlin', 'Australia/Lord_Howe', 'America/Santiago'];
  it.each(zones)('says in %s, all year, what its clocks say', timezone => {
    const weekly = [...office, on('saturday', '22:00', '04:30')];
    const hours = { weekly, holidays: [], exceptions: [] };
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
