import { __ } from '@wordpress/i18n';

/** How moments are written where the screens run; without, as the browser does in the page's language. */
export type Formats = { moment: (moment: string) => string; day: (moment: string) => string; timeZone: string };

let formats: Formats | undefined;

/** WordPress has formats and a time zone of its own, which its people know. */
export function setFormats(own: Formats): void {
  formats = own;
}

/** A moment in the date and time format, the language and the time zone of whoever reads it. */
export function formatMoment(moment: string | null): string {
  if (!moment) return '–';
  return formats?.moment(moment) ?? written(moment, { dateStyle: 'medium', timeStyle: 'short' });
}

const ownTimeZone = () => formats?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The same moment as it is in another time zone, with the name of that; nothing where it is the reader's own. */
export function formatMomentIn(timeZone: string | null, moment: string): string | undefined {
  if (!timeZone || timeZone === ownTimeZone()) return undefined;
  try {
    return `${written(moment, { dateStyle: 'medium', timeStyle: 'short', timeZone })} (${timeZone})`;
  } catch {
    return undefined;
  }
}

/** A day in the reader's format. */
export const formatDay = (moment: string | null): string =>
  moment ? (formats?.day(moment) ?? written(moment, { dateStyle: 'medium' })) : '–';

/** A day that begins and ends by the clock of all, as the months do by which is counted. */
export const formatUtcDay = (moment: string): string => written(moment, { dateStyle: 'long', timeZone: 'UTC' });

const written = (moment: string, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(pageLocale(), options).format(new Date(moment));

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
  console: __('Console', 'confab'),
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
