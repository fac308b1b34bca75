import { describe, expect, it } from 'vitest';
import { momentOf, nightAfter, nightOf } from './night.ts';

const night = (moment: string, timezone: string) => nightOf(new Date(moment), timezone);

describe('a night', () => {
  it.each([
    ['UTC', '2026-11-22T02:59:59.999Z', '2026-11-21'],
    ['UTC', '2026-11-22T03:00:00.000Z', '2026-11-22'],
    // Half and quarter hours.
    ['Asia/Kolkata', '2026-11-21T21:29:59Z', '2026-11-21'],
    ['Asia/Kolkata', '2026-11-21T21:30:00Z', '2026-11-22'],
    ['Asia/Kathmandu', '2026-11-21T21:14:59Z', '2026-11-21'],
    ['Asia/Kathmandu', '2026-11-21T21:15:00Z', '2026-11-22'],
    ['Australia/Lord_Howe', '2026-11-21T15:59:59Z', '2026-11-21'],
    ['Australia/Lord_Howe', '2026-11-21T16:00:00Z', '2026-11-22'],
    // The two ends of the world.
    ['Pacific/Kiritimati', '2026-11-21T12:59:59Z', '2026-11-21'],
    ['Pacific/Kiritimati', '2026-11-21T13:00:00Z', '2026-11-22'],
    ['Etc/GMT+12', '2026-11-22T14:59:59Z', '2026-11-21'],
    ['Etc/GMT+12', '2026-11-22T15:00:00Z', '2026-11-22'],
    // Summer time begins (02:00 → 03:00) and ends (03:00 → 02:00) in Berlin.
    ['Europe/Berlin', '2026-03-29T00:59:59Z', '2026-03-28'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29'],
    ['Europe/Berlin', '2026-10-25T00:59:59Z', '2026-10-24'],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', '2026-10-24'],
    ['Europe/Berlin', '2026-10-25T02:00:00Z', '2026-10-25'],
    // In Athens 03:00 itself is skipped: 04:00 follows 02:59.
    ['Europe/Athens', '2026-03-29T00:59:59Z', '2026-03-28'],
    ['Europe/Athens', '2026-03-29T01:00:00Z', '2026-03-29'],
    // And the ends of months and years.
    ['America/New_York', '2027-01-01T07:59:59Z', '2026-12-31'],
    ['America/New_York', '2027-01-01T08:00:00Z', '2027-01-01'],
    ['UTC', '2028-03-01T02:00:00Z', '2028-02-29'],
  ])('in %s has at %s the name %s', (timezone, moment, name) => {
    expect(night(moment, timezone)).toBe(name);
  });

  const expectEachOnce = (timezone: string, from: string, days: number) => {
    let name = from;
    for (let day = 0; day < days; day += 1) {
      const moment = momentOf(name, timezone);
      expect([timezone, nightOf(moment, timezone)]).toEqual([timezone, name]);
      const before = nightOf(new Date(moment.getTime() - 1), timezone);
      expect([timezone, nightAfter(before)]).toEqual([timezone, name]);
      name = nightAfter(name);
    }
  };

  it.each([
    'Europe/Berlin',
    'America/Santiago',
    'Australia/Lord_Howe',
    'Africa/Cairo',
    'Atlantic/Azores',
    'Asia/Beirut',
  ])('comes once on each day of a year in %s', timezone => expectEachOnce(timezone, '2026-01-01', 365));

  it('comes once a day in every time zone', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    expect(zones.length).toBeGreaterThan(300);
    for (const timezone of zones) expectEachOnce(timezone, '2026-12-30', 4);
  });
});
