import { __ } from '@wordpress/i18n';

/** A text of the contract's plain data in the owner's language: the generator of the .pot file takes them from there. */
export const translated = (text: string): string => __(text, 'confab');
