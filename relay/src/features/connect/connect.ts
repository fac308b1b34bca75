import { createHash, randomBytes } from 'node:crypto';
import type { ConnectTokenResponse, Verification } from '@confab/contract';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { AppError } from '../../lib/app-error.ts';
import { isSame } from '../../lib/is-same.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { LegalHolds } from '../privacy/index.ts';
import type { Site, Sites } from '../sites/index.ts';
import { type Asked, askedByTicket, homeUrlOf, ticketFor } from './asked.ts';
import { CONNECTION_CHECK } from './jobs.ts';
import type { ConnectStore } from './store.ts';

/** How long a plugin may take to exchange the code of an approval. */
const CODE_MS = 10 * 60 * 1_000;
/** The plugin gets this long to keep its new secret, before it is asked to prove that it has it. */
const CHECK_AFTER_S = 2;
/** More would be no choice. An older site is still offered where the same address asks. */
const CHOICES_MAX = 100;

export type Connect = ReturnType<typeof createConnect>;

type Deps = {
  db: Db;
  store: ConnectStore;
  sites: Sites;
  legalHolds: Pick<LegalHolds, 'holdsAnything'>;
  jobs: Pick<Jobs, 'enqueue'>;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt' | 'webhookKeys'>;
  /** What whoever runs this relay signs in by, as long as it has no accounts. */
  operatorKey: string;
  /** Whether a site may be given to a plugin. */
  isOffered: (site: Site) => boolean;
  /** Takes what was deleted out of the files, where these are ours. */
  forgetDeleted: () => Promise<void>;
  now: () => Date;
};

/** Gives sites to plugins, and takes them back: the authorization code grant of RFC 6749 with PKCE (RFC 7636). */
export function createConnect(deps: Deps) {
  const { db, store, sites, jobs, keyring, now } = deps;

  return {
    isOperator: (key: string): boolean => isSame(digestOf(key), digestOf(deps.operatorKey)),

    ticketFor: (asked: Asked): string => ticketFor(asked, keyring, now()),

    /** Throws 400 for a ticket that is too old, or not ours. */
    askedByTicket: (ticket: string): Asked => askedByTicket(ticket, keyring, now()),

    /** The sites that may be given to the plugin, and the one that was at its address before. */
    async choicesFor({ homeUrl }: Asked): Promise<{ sites: Site[]; before: Site | undefined }> {
      const [newest, before] = await Promise.all([sites.newest(CHOICES_MAX), sites.byHomeUrl(homeUrl)]);
      const others = newest.filter(({ id }) => id !== before?.id);
      const offered = [...(before ? [before] : []), ...others].filter(deps.isOffered);
      return { sites: offered, before: offered.find(({ id }) => id === before?.id) };
    },

    /** The address to go back to with a code for this site, or for a new one. Throws 400 where it is not offered. */
    async approve(asked: Asked, siteId: string | null): Promise<string> {
      const site = siteId === null ? undefined : await sites.byId(siteId);
      if (siteId !== null && !(site && deps.isOffered(site))) {
        throw new AppError('validation_failed', 'The site that was chosen is not there any more. Choose again.');
      }
      const code = randomBytes(32).toString('base64url');
      const { platform, homeUrl, codeChallenge } = asked;
      const expiresAt = new Date(now().getTime() + CODE_MS);
      await store.add({ hash: sha256(code), siteId, platform, siteUrl: homeUrl, codeChallenge, expiresAt }, now());
      return backTo(asked, { code });
    },

    /** The address to go back to where the owner said no. */
    refuse: (asked: Asked): string => backTo(asked, { error: 'access_denied' }),

    /** A site and its new secret for the code of an approval. Throws 400 `connect_code_invalid`; the code is spent then. */
    async exchange(given: { code: string; codeVerifier: string; siteUrl: string }): Promise<ConnectTokenResponse> {
      const code = await store.spend(sha256(given.code), now());
      const isTheirs =
        code?.codeChallenge === challengeOf(given.codeVerifier) && code.siteUrl === homeUrlOf(given.siteUrl);
      if (!code || !isTheirs) throw invalid();
      const { siteId, platform, siteUrl: homeUrl } = code;
      const connected = await sites.connect({ siteId, platform, homeUrl }, (tx, id) =>
        check(id, { tx, startAfterS: CHECK_AFTER_S }),
      );
      if (!connected) throw invalid();
      const { site, secret } = connected;
      return { siteId: site.id, siteKey: site.key, siteSecret: secret, relayPublicKeys: keyring.webhookKeys };
    },

    /** Has it checked again whether the site's plugin answers; nothing to check where none has connected it. */
    async checkAgain(site: Site): Promise<Verification | null> {
      const secretHash = await sites.secretHashOf(site.id);
      if (site.homeUrl === null || secretHash === undefined) return null;
      await sites.setVerification(site.id, secretHash, 'pending');
      await check(site.id);
      return 'pending';
    },

    /**
     * Voids the site's secret. With `erase` everything of the site is deleted; throws 409 `legal_hold` where something
     * of it must be kept, and has done nothing then.
     */
    async disconnect(site: Site, { erase }: { erase: boolean }): Promise<void> {
      if (!erase) return sites.disconnect(site.id);
      await inTransaction(db, async tx => {
        await store.lockSite(tx, site.id);
        if (await deps.legalHolds.holdsAnything(tx, site.id)) throw held();
        await store.forgetCodes(tx, site.id);
        await sites.erase(tx, site.id);
      });
      sites.forgetCached();
      await deps.forgetDeleted();
    },
  };

  function check(siteId: string, when: { tx?: Tx; startAfterS?: number } = {}): Promise<void> {
    return jobs.enqueue(CONNECTION_CHECK, { siteId }, { key: siteId, ...when });
  }
}

/** With the state that lets the plugin know its own request (RFC 6749, 4.1.2). */
function backTo({ redirectUri, state }: Asked, answer: Record<string, string>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries({ ...answer, state })) url.searchParams.set(name, value);
  return url.href;
}

/** RFC 7636, 4.6. */
const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

/** Of one length, whatever was typed. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

const invalid = () =>
  new AppError(
    'connect_code_invalid',
    'This code is wrong, was used before, or is older than ten minutes. Press Connect again.',
  );

const held = () =>
  new AppError('legal_hold', 'A legal hold keeps data of this site. End it first, or disconnect without erasing.');
