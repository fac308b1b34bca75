import { addDays, localTimeOf, momentOf } from '../../lib/local-time.ts';

/** From 01:00, and each source at a minute of its own, so that not all sites are crawled at once. */
const FROM = 60;
const MINUTES = 4 * 60;

/** When a source is crawled next: in the night after this moment, by the clocks of its site. */
export function nightAfter(moment: Date, timezone: string, sourceId: string): Date {
  const minute = FROM + (Number.parseInt(sourceId.slice(-6), 16) % MINUTES);
  const today = localTimeOf(moment, timezone);
  return momentOf({ date: today.minute < minute ? today.date : addDays(today.date, 1), minute }, timezone);
}
