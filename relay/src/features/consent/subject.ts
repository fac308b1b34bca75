import { createHmac } from 'node:crypto';

/** What the relay keeps of a visitor who agreed: it opens the subject of the records about them. */
export type Opening = { handleHash: string; subjectKey: Uint8Array | null };

/**
 * What stands for a visitor in the consent log: the same for all decisions of one visitor, and without the opening
 * nothing but noise. Nothing where the conversation is older than such commitments, and has no key.
 */
export function subjectOf({ handleHash, subjectKey }: Opening): string | undefined {
  if (subjectKey === null) return undefined;
  return createHmac('sha256', subjectKey).update(`confab subject ${handleHash}`).digest('hex');
}
