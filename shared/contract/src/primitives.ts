import { z } from 'zod';

/** A text of the outside world: no NUL (PostgreSQL cannot hold it), no half of a surrogate pair, bounded. */
export const text = (max: number, min = 0) =>
  z.string().min(min).max(max).refine(isStorable, 'has a NUL character or a broken Unicode character');

/** Whether PostgreSQL can hold this text and every reader can decode it. */
export function isStorable(value: string): boolean {
  return !value.includes('\u0000') && value.isWellFormed();
}

/** A BCP 47 language tag, such as `de` or `pt-BR`. */
export const locale = z
  .string()
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'is not a language tag such as "en" or "pt-BR"');

/** An absolute web address; nothing but http and https. */
export const webUrl = z
  .url({ protocol: /^https?$/, error: 'is not an absolute http or https address' })
  .max(2_048)
  .refine(isStorable, 'has a broken character');

/** RFC 3339 in UTC, as every time on this surface. */
export const timestamp = z.iso.datetime({ offset: true }).refine(value => {
  // PostgreSQL has no year 0, and an offset can push a time out of the calendar.
  const year = new Date(value).getUTCFullYear();
  return year >= 1 && year <= 9_999;
}, 'is outside the years 1 to 9999');

export const uuid = z.uuid();

/** The address of a user, as it is kept and compared: without spaces around it, in lower case. */
export const userEmail = z
  .string()
  .max(254)
  .transform(value => value.trim().toLowerCase())
  .pipe(z.email('is not an e-mail address'));

/** An IANA name of a time zone. */
export const timezone = z.string().max(64).refine(isTimezone, 'is not a time zone such as "Europe/Dublin"');

function isTimezone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
