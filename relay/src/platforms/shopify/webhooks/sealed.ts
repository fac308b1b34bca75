import type { Keyring, Sealed } from '../../../lib/keyring.ts';
import type { Kept } from './payload.ts';
import type { WebhookKey, WebhookRow } from './store.ts';

/** What is kept of a webhook as it lies in its row; nothing where it keeps nothing. */
export function sealed(keyring: Pick<Keyring, 'encrypt'>, webhook: WebhookKey, kept: Kept): Sealed | undefined {
  if (Object.keys(kept).length === 0) return undefined;
  return keyring.encrypt(JSON.stringify(kept), contextOf(webhook));
}

/** The same again, of a row; empty where the row keeps nothing (any more). Throws where the key is gone. */
export function opened(keyring: Pick<Keyring, 'decrypt'>, row: WebhookRow): Kept {
  if (!row.keyId || !row.ciphertext) return {};
  const { keyId, ciphertext } = row;
  return JSON.parse(keyring.decrypt({ keyId, ciphertext }, contextOf(row))) as Kept;
}

/** Encrypted for one row: elsewhere it does not decrypt. */
export const contextOf = ({ domain, topic, eventId }: WebhookKey): string => `${domain}:${topic}:${eventId}`;
