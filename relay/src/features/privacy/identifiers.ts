import type { DataRequest } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import { emailKey, phoneKey } from '../../lib/contacts.ts';
import type { Changes, Identifiers } from './personal-data.ts';

type Problem = { path: string; message: string };

/** Brings what a request knows a person by into normal form. Throws 400 for what cannot be an address or a number. */
export function identifiersOf(subject: DataRequest['subject'], country: string | null): Identifiers {
  const { conversationId, externalId } = subject;
  return {
    ...keysOf(subject, country, 'subject'),
    ...(conversationId !== undefined && { conversationId: conversationId.toLowerCase() }),
    ...(externalId !== undefined && { externalId }),
  };
}

/** Throws 400 where the contact details of a rectification cannot be an address or a number. */
export function checkChanges({ email, phone }: Changes, country: string | null): void {
  keysOf({ email: email ?? undefined, phone: phone ?? undefined }, country, 'changes');
}

function keysOf(
  { email, phone }: Pick<DataRequest['subject'], 'email' | 'phone'>,
  country: string | null,
  parent: string,
): Pick<Identifiers, 'email' | 'phone'> {
  const keys = {
    ...(email !== undefined && { email: emailKey(email) }),
    ...(phone !== undefined && { phone: phoneKey(phone, country) }),
  };
  const wrong: Problem[] = [];
  if ('email' in keys && !keys.email) wrong.push({ path: `${parent}.email`, message: 'is not an e-mail address' });
  if ('phone' in keys && !keys.phone) {
    const hint = country ? '' : '; begin it with + and the country code';
    wrong.push({ path: `${parent}.phone`, message: `is not a phone number${hint}` });
  }
  if (wrong.length > 0) {
    const all = wrong.map(({ path, message }) => `"${path}" ${message}`).join(', and ');
    throw new AppError('validation_failed', `${all}.`, { errors: wrong });
  }
  return keys as Pick<Identifiers, 'email' | 'phone'>;
}
