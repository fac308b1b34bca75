import { randomBytes } from 'node:crypto';
import type { ConsentRequest, ConsentResponse, ConsentsPage, Purpose } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Period } from '../../lib/cursor.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Site } from '../sites/index.ts';
import { handleFor, handleHashOf } from './handle.ts';
import { readLog } from './log-page.ts';
import { boxNotice, isBox, noticesOf } from './notice.ts';
import type { ConsentStore } from './store.ts';
import { type Opening, subjectOf } from './subject.ts';
import { widgetConfig, wordsFor } from './widget-config.ts';

/** How long a visitor may think about the first question after accepting. */
const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1_000;

export type Consent = ReturnType<typeof createConsent>;

const noticeIn = (site: Site | undefined, version: string) =>
  site && noticesOf(site).find(shown => shown.version === version);

/** What a conversation knows of its consent: the record that began it, and the opening of all records about it. */
export type Consented = Opening & { consentSequence: number };

type Deps = {
  db: Db;
  store: ConsentStore;
  keyring: Pick<Keyring, 'signLog' | 'logKeys'>;
  /** The site as it stands in the database: another process may have shown a notice that came with newer settings. */
  siteNow: (siteId: string) => Promise<Site | undefined>;
  /** Hears of `consent.withdrawn`, with the record. */
  emit: Outbox['emit'];
  /** Whether this relay can send visitors their chats. */
  offersTranscripts: boolean;
  now: () => Date;
};

export function createConsent({ db, store, keyring, siteNow, emit, offersTranscripts, now }: Deps) {
  return {
    /** What the panel learns when a visitor opens it now. */
    widgetConfig(site: Site, locale: string | undefined) {
      const { features, ...config } = widgetConfig(site, locale, now());
      return { ...config, features: { ...features, transcript: features.transcript && offersTranscripts } };
    },

    /**
     * Appends a visitor's decision to the site's consent log; `about` is the opening of the conversation that the
     * request names, where it is known. A granted storage comes with a token that begins one stored conversation, once.
     * Throws 400 where no such notice has been shown.
     */
    async record(site: Site, request: ConsentRequest, about?: Opening): Promise<ConsentResponse> {
      const version = request.noticeVersion;
      const notice =
        noticeIn(site, version) ?? (await store.notice(site.id, version)) ?? noticeIn(await siteNow(site.id), version);
      if (!notice || isBox(notice)) {
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
      const decision = {
        id: uuidv7(),
        decision: request.decision,
        purposes: request.purposes,
        noticeVersion: notice.version,
        noticeHash: notice.hash,
        locale: request.locale,
        source: request.source,
        ...(subject !== undefined && { subject }),
        recordedAt: recordedAt.toISOString(),
      };
      const expiresAt = new Date(recordedAt.getTime() + TOKEN_LIFETIME_MS);
      const token =
        consentToken !== undefined && begun
          ? { hash: sha256(consentToken), subjectKey: begun.subjectKey, expiresAt }
          : undefined;
      const receipt = await (request.decision === 'withdrawn'
        ? inTransaction(db, async tx => {
            const appended = await store.append(site, decision, notice, token, tx);
            await emit(tx, { siteId: site.id, type: 'consent.withdrawn', subjectId: decision.id });
            return appended;
          })
        : store.append(site, decision, notice, token));
      return { receipt, ...(consentToken !== undefined && { consentToken }) };
    },

    /**
     * Appends that a person agreed to marketing e-mails by ticking the box of the form in this language, with the words
     * that stood beside it. `opening` is what ties the record to them.
     */
    async agreeToMarketing(
      tx: Tx,
      site: Site,
      { locale, opening, at }: { locale: string | undefined; opening: Opening; at: Date },
    ): Promise<void> {
      const shown = wordsFor(site, locale);
      const notice = boxNotice(shown.notice.locale, shown.texts.marketing);
      const subject = subjectOf(opening);
      const decision = {
        id: uuidv7(),
        decision: 'granted' as const,
        purposes: ['marketing' as const],
        noticeVersion: notice.version,
        noticeHash: notice.hash,
        locale: notice.locale,
        source: 'lead_form' as const,
        ...(subject !== undefined && { subject }),
        recordedAt: at.toISOString(),
      };
      await store.append(site, decision, notice, undefined, tx);
    },

    /** The records of that which are still in the log. */
    async marketingReceiptsOf(tx: Tx, site: Site, opening: Opening) {
      const records = await store.recordsOf(tx, site, undefined, subjectOf(opening));
      return records.map(({ receipt, notice }) => ({ receipt, notice: notice?.wording }));
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

    /** One record; nothing where it is not in the log (any more). */
    receipt: store.receipt,

    /** The records of a period behind the record `after`; a part that cannot be verified. */
    async records(site: Site, after: number, period: Period, limit: number): Promise<ConsentsPage> {
      const { records, notices } = await store.records(site, after, period, limit + 1);
      const items = records.slice(0, limit);
      return { items, notices, nextCursor: records.length > limit ? String(items.at(-1)?.sequence) : null };
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
