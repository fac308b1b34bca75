import { createHash } from 'node:crypto';

/** SHA-256 in hexadecimal. Enough to keep random secrets by; never for passwords. */
export const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');
