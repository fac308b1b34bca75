import { dateI18n, getSettings } from '@wordpress/date';
import { __ } from '@wordpress/i18n';

/** A moment in the date and time format, the language and the time zone of the site. */
export function formatMoment(moment: string | null): string {
  if (!moment) return '–';
  const { date, time } = getSettings().formats;
  return dateI18n(`${date} ${time}`, moment, undefined);
}

/** The same moment as it is in another time zone, with the name of that; nothing where it is the site's own. */
export function formatMomentIn(timeZone: string | null, moment: string): string | undefined {
  if (!timeZone || timeZone === getSettings().timezone.string) return undefined;
  try {
    const there = new Intl.DateTimeFormat(pageLocale(), { dateStyle: 'medium', timeStyle: 'short', timeZone });
    return `${there.format(new Date(moment))} (${timeZone})`;
  } catch {
    return undefined;
  }
}

/** A day in the site's format. */
export const formatDay = (moment: string | null): string =>
  moment ? dateI18n(getSettings().formats.date, moment, undefined) : '–';

export const formatNumber = (value: number): string => new Intl.NumberFormat(pageLocale()).format(value);

/** The language of the screen. */
export const pageLocale = (): string => document.documentElement.lang || 'en';

/** The name of a language in the language of the screen, such as "German" for `de`. */
export function languageName(locale: string): string {
  return nameOf('language', locale);
}

export const countryName = (code: string): string => nameOf('region', code);

function nameOf(type: 'language' | 'region', code: string): string {
  try {
    return new Intl.DisplayNames([pageLocale()], { type }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** What the relay's code words mean, said to an owner; an unknown one as it is. */
export function wordFor(code: string): string {
  return words()[code] ?? code;
}

const words = (): Record<string, string> => ({
  granted: __('Accepted', 'confab'),
  declined: __('Declined', 'confab'),
  withdrawn: __('Withdrawn', 'confab'),
  storage: __('Storing the chat', 'confab'),
  analytics: __('Analytics', 'confab'),
  banner: __('Question in the chat', 'confab'),
  platform: __('Consent manager', 'confab'),
  gpc: __('Global Privacy Control', 'confab'),
  settings: __('Menu of the chat', 'confab'),
  marketing: __('Marketing e-mails', 'confab'),
  lead_form: __('Form for contact details', 'confab'),
  access: __('Access', 'confab'),
  portability: __('Portability', 'confab'),
  rectification: __('Correction', 'confab'),
  erasure: __('Erasure', 'confab'),
  restriction: __('Restriction', 'confab'),
  widget: __('Chat', 'confab'),
  plugin: __('WordPress', 'confab'),
  processing: __('In progress', 'confab'),
  completed: __('Completed', 'confab'),
  nightly: __('Nightly', 'confab'),
  manual: __('By hand', 'confab'),
  lead: __('Contact details', 'confab'),
  callback: __('Callback', 'confab'),
  page: __('Page', 'confab'),
  post: __('Post', 'confab'),
  product: __('Product', 'confab'),
  faq: __('Questions and answers', 'confab'),
  policy: __('Policy', 'confab'),
  conversations: __('conversations', 'confab'),
  messages: __('messages', 'confab'),
  leads: __('contact details', 'confab'),
  pageViews: __('page views', 'confab'),
  consents: __('consent records', 'confab'),
  consentRecords: __('consent records', 'confab'),
  emails: __('e-mails', 'confab'),
  emailAddresses: __('e-mail addresses', 'confab'),
});
