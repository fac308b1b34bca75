import type { PrechatField } from '@confab/contract';
import { emailKey, phoneKey } from '../../lib/contacts.ts';
import { isOneLine } from '../../lib/one-line.ts';
import type { Site } from '../sites/index.ts';

/** What a visitor answered before the chat, by the name of the field. */
export type Prechat = Record<string, string>;

/** What of a conversation was said before it began. */
export type PrechatContent = { answers: Prechat; pageUrl: string; createdAt: Date };

type Problem = { path: string; message: string };
type Checked = { answers: Prechat | null; problems: Problem[] };

/**
 * The answers as they are kept: a blank one is none, and a phone number has its international form, so that its owner
 * is found by it whatever the site’s country or fields are by then. `null` where nothing was answered.
 */
export function checkedPrechat({ settings }: Site, given: Prechat = {}): Checked {
  const fields = settings.prechat.enabled ? settings.prechat.fields : [];
  const problems = Object.keys(given)
    .filter(name => !fields.some(field => field.name === name))
    .map(name => ({ path: `prechat.${name}`, message: 'is not asked for' }));
  const answers: Prechat = {};
  for (const field of fields) {
    const path = `prechat.${field.name}`;
    const value = (Object.hasOwn(given, field.name) ? given[field.name] : undefined)?.trim() ?? '';
    if (value === '') {
      if (field.required) problems.push({ path, message: 'is required' });
      continue;
    }
    const kept = checkedAnswer(field, value, settings.country);
    if ('problem' in kept) problems.push({ path, message: kept.problem });
    else answers[field.name] = kept.answer;
  }
  return { answers: Object.keys(answers).length > 0 ? answers : null, problems };
}

/** Whether the answers tell how the visitor can be reached. */
export const hasContact = ({ settings }: Site, answers: Prechat | null): boolean =>
  answers !== null &&
  settings.prechat.fields.some(
    ({ name, type }) => (type === 'email' || type === 'phone') && Object.hasOwn(answers, name),
  );

function checkedAnswer(
  { type, options }: PrechatField,
  value: string,
  country: string | null,
): { answer: string } | { problem: string } {
  if (type !== 'text' && !isOneLine(value)) {
    return { problem: 'has a line break or another control character; write it in one line' };
  }
  if (type === 'email' && emailKey(value) === undefined) {
    return { problem: 'is not an e-mail address such as name@example.com' };
  }
  if (type === 'phone') {
    const answer = phoneKey(value, country);
    const hint = country ? '' : '; begin it with + and the country code';
    return answer === undefined ? { problem: `is not a phone number${hint}` } : { answer };
  }
  if (type === 'choice' && !options?.some(option => option.value === value)) {
    return { problem: 'is none of the options' };
  }
  return { answer: value };
}
