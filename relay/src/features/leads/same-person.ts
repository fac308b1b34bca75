import { TEXT_MAX } from '@confab/contract';
import type { Left } from './store.ts';

/** What one lead can hold of several forms; more of them begin another one. */
const MESSAGE_MAX = 4 * TEXT_MAX;
const FIELDS_MAX = 60;

/** Between the messages of two forms. */
const PAUSE = '\n\n';

type Person = Pick<Left, 'name' | 'emailKey' | 'phoneKey'>;

/**
 * Whether two forms are of one person: they share the address or the number, and neither names another one. A number is
 * shared by a family, so under that alone another name is another person.
 */
export function isSamePerson(one: Person, other: Person): boolean {
  const keys = ['emailKey', 'phoneKey'] as const;
  if (keys.some(key => one[key] !== null && other[key] !== null && one[key] !== other[key])) return false;
  if (one.emailKey !== null && one.emailKey === other.emailKey) return true;
  return one.phoneKey !== null && one.phoneKey === other.phoneKey && !haveOtherNames(one, other);
}

const haveOtherNames = (one: Person, other: Person): boolean =>
  one.name !== null && other.name !== null && plain(one.name) !== plain(other.name);

const plain = (name: string): string => name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();

/** All that a person left in two forms: what was said later wins, and nothing that was said goes. */
export function joined(older: Left, newer: Left): Left {
  const { email, emailKey } = older.emailKey === null ? newer : older;
  const { phone, phoneKey } = older.phoneKey === null ? newer : older;
  return {
    kind: older.kind === 'callback' ? older.kind : newer.kind,
    conversationId: older.conversationId,
    name: newer.name ?? older.name,
    ...{ email, emailKey, phone, phoneKey },
    message: joinedMessage(older.message, newer.message),
    fields: { ...older.fields, ...newer.fields },
    pageUrl: older.pageUrl ?? newer.pageUrl,
    callbackAt: newer.callbackAt ?? older.callbackAt,
    timezone: newer.timezone ?? older.timezone,
    // Consent is added by a box, and never taken back by an empty one.
    marketingAt: older.marketingAt ?? newer.marketingAt,
  };
}

/** Whether one lead can hold this. */
export const fits = ({ message, fields }: Left): boolean =>
  (message ?? '').length <= MESSAGE_MAX && Object.keys(fields).length <= FIELDS_MAX;

function joinedMessage(older: string | null, newer: string | null): string | null {
  if (older === null || newer === null) return older ?? newer;
  const isSaid = `${PAUSE}${older}${PAUSE}`.includes(`${PAUSE}${newer}${PAUSE}`);
  return isSaid ? older : older + PAUSE + newer;
}
