import { afterEach, describe, expect, it, vi } from 'vitest';
import { asTyped, wrongTime } from './local-time.ts';

const inZone = (zone: string) => vi.stubEnv('TZ', zone);
afterEach(() => vi.unstubAllEnvs());

const now = new Date('2026-03-27T12:00:00Z');

describe('a wished time', () => {
  it('is refused where the night skips it, and only there', () => {
    for (const [zone, before, skipped, after] of [
      ['Europe/Berlin', '2026-03-29T01:59', ['2026-03-29T02:00', '2026-03-29T02:59'], '2026-03-29T03:00'],
      ['America/New_York', '2027-03-14T01:59', ['2027-03-14T02:30'], '2027-03-14T03:00'],
      ['Australia/Lord_Howe', '2026-10-04T01:59', ['2026-10-04T02:15'], '2026-10-04T02:30'], // half an hour only
      ['Africa/Cairo', '2026-04-23T23:59', ['2026-04-24T00:30'], '2026-04-24T01:00'],
    ] as const) {
      inZone(zone);
      expect([zone, wrongTime(before, now), wrongTime(after, now)]).toEqual([zone, undefined, undefined]);
      for (const time of skipped) expect([time, wrongTime(time, now)]).toEqual([time, 'callbackSkipped']);
    }
  });

  it('that comes twice when the clocks are put back is taken', () => {
    inZone('Europe/Berlin');
    expect(wrongTime('2026-10-25T02:30', now)).toBeUndefined();
  });

  it('is refused when it is over in the zone of the visitor', () => {
    inZone('Asia/Tokyo'); // 21:00 there
    expect(wrongTime('2026-03-27T20:59', now)).toBe('callbackPast');
    expect(wrongTime('2026-03-27T21:01', now)).toBeUndefined();
    expect(wrongTime('0020-01-01T10:00', now)).toBe('callbackPast');
    inZone('America/New_York'); // 8:00
    expect(wrongTime('2026-03-27T08:01', now)).toBeUndefined();
  });

  it('is refused more than a year ahead', () => {
    inZone('UTC');
    expect(wrongTime('2027-03-27T12:00', now)).toBeUndefined();
    expect(wrongTime('2027-03-27T12:01', now)).toBe('callbackFar');
    expect(wrongTime('9999-12-31T23:59', now)).toBe('callbackFar');
  });
});

it('a moment is typed as the clock of the visitor shows it', () => {
  inZone('Asia/Kolkata');
  expect(asTyped(now)).toBe('2026-03-27T17:30');
  inZone('America/St_Johns');
  expect(asTyped(now)).toBe('2026-03-27T09:30');
});
