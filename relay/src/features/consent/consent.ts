import { randomBytes } from 'node:crypto';
import type { ConsentRequest, ConsentResponse, Purpose } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../../db/database.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Site } from '../sites/index.ts';
import { handleFor, handleHashOf } from './handle.ts';
import { readLog } from './log-page.ts';
import { noticesOf } from './notice.ts';
import type { ConsentStore } from './store.ts';
import { type Opening, subjectOf } from './subject.ts';
import { widgetConfig } from './widget-config.ts';

/** How long a visitor may think about the first question after accepting. */
const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1_000;

export type Consent = ReturnType<typeof createConsent>;

/** What a conversation knows of its consent: the record that began it, and the opening of all records about it. */
export type Consented = Opening & { consentSequence: number };

type Deps = { store: ConsentStore; keyring: Pick<Keyring, 'signLog' | 'logKeys'>; now: () => Date };

export function createConsent({ store, keyring, now }: Deps) {
  return {
    /** What the panel learns when a visitor opens it now. */
    widgetConfig: (site: Site, locale: string | undefined) => widgetConfig(site, locale, now()),

    /**
     * Appends a visitor's decision to the site's consent log; `about` is the opening of the conversation that the
     * request names, where it is known. A granted storage comes with a token that begins one stored conversation, once.
     * Throws 400 where no such notice has been shown.
     */
    async record(site: Site, request: ConsentRequest, about?: Opening): Promise<ConsentResponse> {
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
      const begun = consentToken === undefined ? undefined : openingFor(consentToken);
      const opening = about ?? begun;
      const subject = opening && subjectOf(opening);
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
          ...(subject !== undefined && { subject }),
          recordedAt: recordedAt.toISOString(),
        },
        notice,
        consentToken !== undefined && begun
          ? {
              hash: sha256(consentToken),
              subjectKey: begun.subjectKey,
              expiresAt: new Date(recordedAt.getTime() + TOKEN_LIFETIME_MS),
            }
          : undefined,
      );
      return { receipt, ...(consentToken !== undefined && { consentToken }) };
    },

    /**
     * Every record about the visitor of a conversation that is still in the log, oldest first, with the words that were
     * shown: the one that began the conversation, and those of its subject.
     */
    async receiptsOf(tx: Tx, site: Site, conversation: Consented) {
      const records = await store.recordsOf(tx, site, conversation.consentSequence, subjectOf(conversation));
      return records.map(({ receipt, notice }) => ({ receipt, notice: notice?.wording }));
    },

    /**
     * Whether the visitor of a conversation agreed to a purpose. The newest record about the visitor that names the
     * purpose decides: `granted` allows it, `declined` and `withdrawn` end it. Where none names it, it is not allowed.
     */
    async allows(tx: Tx, site: Site, conversation: Consented, purpose: Purpose): Promise<boolean> {
      const { consentSequence } = conversation;
      const decision = await store.lastDecision(tx, site.id, consentSequence, subjectOf(conversation), purpose);
      return decision === 'granted';
    },

    /** The log from behind the record `after`, or from where it begins now; up to `limit` records. */
    log: (site: Site, after: number, limit: number) => readLog({ store, keyring, now }, site, after, limit),

    /** Part of the statement that begins a conversation; see the store. */
    spending: (site: Site, consentToken: string) => store.spending(site.id, sha256(consentToken), now()),
  };
}

/** The opening of the record that a new token comes with; its key goes with the token into the conversation. */
function openingFor(consentToken: string) {
  return { handleHash: handleHashOf(handleFor(consentToken)), subjectKey: new Uint8Array(randomBytes(32)) };
}
