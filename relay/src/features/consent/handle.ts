import { createHash } from 'node:crypto';
import { v4 as uuidv4 } from 'uuid';
import { sha256 } from '../../lib/sha256.ts';

/**
 * The conversation handle that a consent token begins: a UUIDv4 whose random bits are the token's, one way. So the
 * first turn can be asked again after a cut connection and still tell the handle, of which the relay keeps a hash only.
 */
export function handleFor(consentToken: string): string {
  const random = createHash('sha256').update(`confab handle ${consentToken}`).digest().subarray(0, 16);
  return uuidv4({ random });
}

/** What the relay keeps of a handle. */
export const handleHashOf = (handle: string): string => sha256(handle.toLowerCase());
