import type { LeadRequest } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import { emailKey, phoneKey } from '../../lib/contacts.ts';
import { isOneLine } from '../../lib/one-line.ts';

/** A form that was open for a while may name a moment that has just gone by. */
const LATE_MS = 5 * 60 * 1_000;
const AHEAD_MS = 366 * 24 * 60 * 60 * 1_000;

/**
 * The form as it is kept: a blank field is none, and the address and the number have their normal form beside them. Only
 * a message has lines: whatever else a visitor writes may end up in the subject of an e-mail or in a header. Throws 400
 * in words for who filled it in, field by field.
 */
export function checkedForm({ fields: typed, callbackAt }: LeadRequest, country: string | null, now: Date) {
  const given = Object.entries(typed).filter(([, value]) => value !== undefined && value.trim() !== '');
  const { name, email, phone, message, ...fields } = Object.fromEntries(given) as Record<string, string>;
  const keys = {
    emailKey: email === undefined ? null : (emailKey(email) ?? null),
    phoneKey: phone === undefined ? null : (phoneKey(phone, country) ?? null),
  };
  const errors = Object.entries({ name, email, phone, ...fields })
    .filter(([field, value]) => !isOneLine(`${field}${value ?? ''}`))
    .map(([field]) => ({
      path: isOneLine(field) ? `fields.${field}` : 'fields',
      message: 'has a line break or another control character; write it in one line',
    }));
  const isWrong = (field: string) => errors.some(({ path }) => path === `fields.${field}`);
  if (email === undefined && phone === undefined) {
    errors.push({ path: 'fields', message: 'needs an e-mail address or a phone number, so that somebody can answer' });
  }
  if (email !== undefined && keys.emailKey === null && !isWrong('email')) {
    errors.push({ path: 'fields.email', message: 'is not an e-mail address such as name@example.com' });
  }
  if (phone !== undefined && keys.phoneKey === null && !isWrong('phone')) {
    const hint = country ? '' : '; begin it with + and the country code';
    errors.push({ path: 'fields.phone', message: `is not a phone number${hint}` });
  }
  const wished = callbackAt === undefined ? null : new Date(callbackAt);
  if (wished !== null && wished.getTime() < now.getTime() - LATE_MS) {
    errors.push({ path: 'callbackAt', message: 'is in the past; choose a time to come' });
  } else if (wished !== null && wished.getTime() > now.getTime() + AHEAD_MS) {
    errors.push({ path: 'callbackAt', message: 'is more than a year ahead; choose an earlier time' });
  }
  const [first] = errors;
  if (first) throw new AppError('validation_failed', `"${first.path}" ${first.message}.`, { errors });
  return {
    ...{ name: name ?? null, email: email ?? null, phone: phone ?? null, message: message ?? null },
    ...{ fields, callbackAt: wished, ...keys },
  };
}
