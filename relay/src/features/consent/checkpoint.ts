import { createPublicKey, verify } from 'node:crypto';
import type { Checkpoint } from '@confab/contract';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { type Keyring, thumbprintOf } from '../../lib/keyring.ts';

/** The hash that stands before the first record of a log. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);

/** A place in a log: the record with this sequence number, or the beginning. */
export type Position = { sequence: number; hash: string };

/** Where a log without any record stands. */
export const BEGINNING: Position = { sequence: 0, hash: FIRST_PREVIOUS_HASH };

/** The relay's word that the log of the site is whole up to this place. */
export function signCheckpoint(
  keyring: Pick<Keyring, 'signLog' | 'logKeys'>,
  siteKey: string,
  { sequence, hash }: Position,
  at: Date,
): Checkpoint {
  const [key] = keyring.logKeys;
  if (!key) throw new Error('the keyring has no key to sign by');
  const content = {
    type: 'checkpoint' as const,
    siteKey,
    sequence,
    hash,
    at: at.toISOString(),
    keyId: key.id,
    key: key.jwk,
  };
  return { ...content, signature: keyring.signLog(bytesOf(content)) };
}

/** Whether the key that the checkpoint carries signed it, and `keyId` names that key; it says not whose key it is. */
export function isSigned({ signature, ...content }: Checkpoint): boolean {
  if (thumbprintOf(content.key) !== content.keyId) return false;
  const given = Buffer.from(signature, 'base64url');
  // Base64 can be written in several ways; only one of them is the one that was signed.
  if (given.toString('base64url') !== signature) return false;
  try {
    return verify(null, bytesOf(content), createPublicKey({ key: content.key, format: 'jwk' }), given);
  } catch {
    return false;
  }
}

const bytesOf = (content: object): Uint8Array => Buffer.from(canonicalJson(content));
