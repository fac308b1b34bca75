import type { Keyring } from '../../lib/keyring.ts';
import type { PersonalData } from '../privacy/index.ts';
import { signCheckpoint } from './checkpoint.ts';
import type { ConsentStore } from './store.ts';

type Deps = { store: ConsentStore; keyring: Pick<Keyring, 'signLog' | 'logKeys'>; now: () => Date };

/**
 * The consent log under retention. About a person it answers nothing by itself: a record names nobody, and what ties it
 * to somebody, the opening, is a column of the conversation. Whoever owns the conversations exports the receipts with
 * the conversation (`receiptsOf`), and by deleting it makes the records nobody's. The records stay: the site must be
 * able to show what was agreed to (GDPR Art. 7(1)), and a log with holes shows nothing.
 */
export function consentPersonalData({ store, keyring, now }: Deps): PersonalData {
  return {
    name: 'consents',
    tables: {
      ConsentRecord: {
        data: 'decision, purposes, notice (version and hash), language, source, time, a pseudonym of the visitor',
        purpose: 'proof of consent (GDPR Art. 7(1))',
        origin: 'the visitor’s click in the consent notice or the settings; Global Privacy Control; the platform',
        recipients: 'the site’s owner, by export',
        kept: '`retention.consentDays`, default 1,095; nobody’s any more once the conversation is erased',
      },
      ConsentToken: {
        data: 'hash of the token that begins a conversation, the key of the pseudonym',
        purpose: 'lets a visitor who agreed begin one conversation, once',
        origin: 'made by the relay when storage is granted',
        recipients: 'nobody',
        kept: 'until the first question, 24 hours at most',
      },
    },
    find: async () => ({ conversationIds: [], contacts: [] }),
    erase: async () => ({ consents: 0 }),
    rectify: async () => ({ consents: 0 }),
    restrict: async () => ({ consents: 0 }),
    windowDays: settings => settings.retention.consentDays,
    countBefore: async (tx, siteId, cutoff) => ({ consents: await store.countPrefix(tx, siteId, cutoff) }),

    /**
     * Only from the beginning of the log: a record that is young, or whose clock was ahead, keeps all that follow it.
     * Expired tokens go as well; they are not counted, as no window keeps them.
     */
    async purgeBefore(tx, siteId, cutoff, limit) {
      const sign = (siteKey: string, position: { sequence: number; hash: string }) =>
        signCheckpoint(keyring, siteKey, position, now());
      const consents = await store.prunePrefix(tx, siteId, cutoff, limit, sign);
      await store.forgetExpiredTokens(tx, siteId, now());
      return { consents };
    },
  };
}
