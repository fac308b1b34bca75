import { COUNTRIES, LANGUAGES } from '@confab/contract/settings-fields';

export type Options = readonly { value: string; label: string }[];

const order = new Intl.Collator('en');
const languageNames = new Intl.DisplayNames('en', { type: 'language' });
const countryNames = new Intl.DisplayNames('en', { type: 'region' });

const named = (values: readonly string[], names: Intl.DisplayNames): Options =>
  values
    .map(value => ({ value, label: names.of(value) ?? value }))
    .toSorted((one, other) => order.compare(one.label, other.label));

export const languages = named(LANGUAGES, languageNames);
export const countries = named(COUNTRIES, countryNames);
export const timezones: Options = ['UTC', ...Intl.supportedValuesOf('timeZone').filter(zone => zone !== 'UTC')].map(
  value => ({ value, label: value.replaceAll('_', ' ') }),
);

/** What a merchant calls a language; a tag that names none is shown as it is. */
export function languageName(locale: string): string {
  try {
    return languageNames.of(locale) ?? locale;
  } catch {
    return locale;
  }
}
