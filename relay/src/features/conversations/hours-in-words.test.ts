import { defaultTexts, type Hours } from '@confab/contract';
import { expect, it } from 'vitest';
import { hoursIn } from './hours-in-words.ts';

const weekly: Hours['weekly'] = (['monday', 'tuesday'] as const).map(day => ({ day, opens: '09:00', closes: '17:00' }));
const eve = { date: '2026-12-24', name: 'Christmas Eve', spans: [{ opens: '09:00', closes: '13:00' }] };
// A Monday, open.
const now = new Date('2026-11-30T12:00:00Z');
const said = (hours: Partial<Hours>, locale = 'en', at = now) =>
  hoursIn(
    { hours: { weekly, holidays: [], exceptions: [], ...hours }, timezone: 'UTC' },
    { locale, texts: defaultTexts, timeZone: 'UTC' },
    at,
  );

it('tells the week, then the days that are not like it, soonest first', () => {
  expect(said({ holidays: [{ date: '2026-12-08', name: '' }], exceptions: [eve] })).toMatch(
    /^Monday–Tuesday 9:00.AM – 5:00.PM; December 8 closed; December 24 \(Christmas Eve\) 9:00.AM – 1:00.PM$/u,
  );
  expect(said({ exceptions: [eve] }, 'de')).toContain('24. Dezember (Christmas Eve) 09:00 – 13:00');
});

it('tells an exception on a holiday, and not the holiday', () => {
  const text = said({ holidays: [{ date: eve.date, name: 'Holiday' }], exceptions: [eve] });
  expect(text).toContain('Christmas Eve');
  expect(text).not.toContain('(Holiday)');
});

it('tells nothing of what is over or far away', () => {
  const far = { ...eve, date: '2027-03-01' };
  expect(said({ exceptions: [{ ...eve, date: '2026-11-29' }, far] })).not.toContain('Christmas Eve');
});

it('tells when it opens by an exception while it is closed', () => {
  const text = said({ weekly: [], exceptions: [eve] });
  expect(text).toMatch(/Thursday, December 24.* 9:00.AM/u);
});
