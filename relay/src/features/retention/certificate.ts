import type { PurgeCertificate } from '@confab/contract';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { sha256 } from '../../lib/sha256.ts';

/** What stands before a site's first certificate. */
export const NO_HASH = '0'.repeat(64);

/** Seals a certificate: who changes, removes or inserts one has to change every later hash too. */
export const sealed = (certificate: Omit<PurgeCertificate, 'hash'>): PurgeCertificate => ({
  ...certificate,
  hash: sha256(canonicalJson(certificate)),
});
