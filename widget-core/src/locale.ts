const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|he|ks|ps|sd|ug|ur|yi)(-|$)|-(Arab|Hebr)(-|$)/i;

/** The writing direction of a locale. Firefox cannot tell it from `Intl.Locale`, hence the list. */
export const directionOf = (locale: string): 'rtl' | 'ltr' => (RIGHT_TO_LEFT.test(locale) ? 'rtl' : 'ltr');

/** The first of the tags that is one, such as "pt-BR"; else English. */
export const localeOf = (...tags: string[]): string =>
  tags.find(tag => /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/i.test(tag)) ?? 'en';

/** The visitor's own time zone, as the browser tells it. */
export const timeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A time in the visitor's own zone. A tag that JavaScript does not know, such as "pt-PT-ao90", means its language. */
export function timeIn(locale: string | undefined, time: string, format: Intl.DateTimeFormatOptions): string {
  const date = new Date(time);
  try {
    return date.toLocaleString(locale, format);
  } catch {
    return date.toLocaleString(locale?.slice(0, 2), format);
  }
}
