import { __ } from '@wordpress/i18n';
import { FAULT_WORDS, TARGET_NAMES } from '../../contract/src/delivery-words.ts';
import { translated } from './translated.ts';

/** A receiver of leads as it calls itself. */
export const targetName = (target: string): string =>
  TARGET_NAMES[target] ?? (target.startsWith('webhook:') ? __('Webhook', 'confab') : target);

/** Whether it is one of the CRMs, and neither a platform nor a provider of answers. */
export const isCrm = (name: string): boolean =>
  Object.hasOwn(TARGET_NAMES, name) && name !== 'wordpress' && name !== 'shopify';

/** What stood in the way, and what the receiver itself said of it. */
export function faultWords({ fault, words }: { fault?: string; words?: string }): string {
  const ours = fault === undefined ? '' : translated(FAULT_WORDS[fault] ?? fault);
  return [ours, words && `“${words}”`].filter(Boolean).join(' ');
}
