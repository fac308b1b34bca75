export { COUNTRIES, LANGUAGES } from '../../../../contract/src/settings-fields.ts';

export const timezones = (): string[] => [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];
