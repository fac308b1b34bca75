import { __ } from '@wordpress/i18n';

/** A text of `settingsSections` in the owner's language: the generator of the .pot file takes them from that module. */
export const translated = (text: string): string => __(text, 'confab');
