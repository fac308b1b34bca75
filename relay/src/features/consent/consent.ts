import { randomBytes } from 'node:crypto';
import type { ConsentRequest, ConsentResponse } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import { AppError } from '../../lib/app-error.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Site } from '../sites/index.ts';
import { noticeFor, noticesOf } from './notice.ts';
import type { ConsentStore } from './store.ts';

/** How long a visitor may think about the first question after accepting. */
const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1_000;

export type Consent = ReturnType<typeof createConsent>;

export function createConsent({ store, now }: { store: ConsentStore; now: () => Date }) {
  return {
    noticeFor,

    /**
     * Appends a visitor's decision to the site's consent log. A granted storage comes with a token that begins one
     * stored conversation, once. Throws 400 where no such notice has been shown.
     */
    async record(site: Site, request: ConsentRequest): Promise<ConsentResponse> {
      const notice =
        noticesOf(site).find(shown => shown.version === request.noticeVersion) ??
        (await store.notice(site.id, request.noticeVersion));
      if (!notice) {
        throw new AppError('validation_failed', 'This consent notice is not known. Load the config and ask again.', {
          errors: [{ path: 'noticeVersion', message: 'is not a version of this site’s notice' }],
        });
      }
      const recordedAt = now();
      const grantsStorage = request.decision === 'granted' && request.purposes.includes('storage');
      const consentToken = grantsStorage ? randomBytes(32).toString('base64url') : undefined;
      const receipt = await store.append(
        site,
        {
          id: uuidv7(),
          decision: request.decision,
          purposes: request.purposes,
          noticeVersion: notice.version,
          noticeHash: notice.hash,
          locale: request.locale,
          source: request.source,
          recordedAt: recordedAt.toISOString(),
        },
        notice,
        consentToken === undefined
          ? undefined
          : { hash: sha256(consentToken), expiresAt: new Date(recordedAt.getTime() + TOKEN_LIFETIME_MS) },
      );
      return { receipt, ...(consentToken !== undefined && { consentToken }) };
    },

    /** The receipt of a record, with the words that were shown. */
    async receipt(site: Site, sequence: number) {
      const row = await store.record(site.id, sequence);
      if (!row) return undefined;
      const { siteId: _, notice, recordedAt, ...record } = row;
      return { receipt: { ...record, siteKey: site.key, recordedAt: recordedAt.toISOString() }, notice };
    },

    /** Part of the statement that begins a conversation; see the store. */
    spending: (site: Site, consentToken: string) => store.spending(site.id, sha256(consentToken), now()),
  };
}
