/** A moment as a `datetime-local` field has it: in the visitor's own time zone, without saying so. */
export function asTyped(moment: Date): string {
  return new Date(moment.getTime() - 60_000 * moment.getTimezoneOffset()).toISOString().slice(0, 16);
}

/** The relay allows a day more. */
const AHEAD_MS = 365 * 24 * 60 * 60 * 1_000;

/** What is wrong with a wished time: it is over, far ahead, or skipped that night when the clocks are put forward. */
export function wrongTime(typed: string, now: Date): 'callbackPast' | 'callbackFar' | 'callbackSkipped' | undefined {
  const moment = new Date(typed);
  if (moment < now) return 'callbackPast';
  if (moment.getTime() > now.getTime() + AHEAD_MS) return 'callbackFar';
  // A time that there is not is read as another one, an hour off.
  return asTyped(moment) === typed ? undefined : 'callbackSkipped';
}
