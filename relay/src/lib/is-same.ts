import { timingSafeEqual } from 'node:crypto';

/** Whether two secrets are the same, without telling by the time it takes how much of them is. */
export const isSame = (given: Buffer, expected: Buffer): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);
