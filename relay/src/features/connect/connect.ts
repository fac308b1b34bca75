import { createHash, randomBytes } from 'node:crypto';
import type { ConnectTokenResponse, Role, Verification } from '@confab/contract';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Authority } from '../../http/authorize.ts';
import type { Actor } from '../../http/request-state.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { LegalHolds } from '../privacy/index.ts';
import type { Site, Sites } from '../sites/index.ts';
import type { Usage } from '../usage/index.ts';
import { type Asked, askedByTicket, homeUrlOf, ticketFor } from './asked.ts';
import { CONNECTION_CHECK } from './jobs.ts';
import type { ConnectStore } from './store.ts';

/** How long a plugin may take to exchange the code of an approval. */
const CODE_MS = 10 * 60 * 1_000;
/** The plugin gets this long to keep its new secret, before it is asked to prove that it has it. */
const CHECK_AFTER_S = 2;
/** Whoever has a site's secret may do with it what its owner may, so nobody below may hand it out. */
const NEEDS: Role = 'owner';
/** As many as an account has. */
const CHOICES_MAX = 200;

export type Connect = ReturnType<typeof createConnect>;

/**
 * An account of which the user is an owner, and the sites of it that may be given to a plugin; `full` is why it takes no
 * further one.
 */
export type Owned = { accountId: string; name: string; sites: Site[]; full: string | undefined };
/** One in which they are something else. */
export type Joined = { name: string; role: Role };
/** Which site shall be connected: one that is there, or a new one of an account. */
export type Chosen = { siteId: string } | { newIn: string };

type Deps = {
  db: Db;
  store: ConnectStore;
  sites: Sites;
  legalHolds: Pick<LegalHolds, 'holdsAnything'>;
  jobs: Pick<Jobs, 'enqueue'>;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt' | 'webhookKeys'>;
  accountsOf: (userId: string) => Promise<{ accountId: string; name: string; role: Role }[]>;
  roleIn: Authority['roleIn'];
  audit: Authority['audit'];
  fullOfSites: Usage['fullOfSites'];
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
    ticketFor: (asked: Asked, sessionId: string): string => ticketFor(asked, sessionId, keyring, now()),

    /** Throws 400 for a ticket that is too old, of another session, or not ours. */
    askedByTicket: (ticket: string, sessionId: string): Asked => askedByTicket(ticket, sessionId, keyring, now()),

    /**
     * The accounts of the user: those whose sites they may give to the plugin, and the others. `before` is the site that was
     * at the plugin's address before.
     */
    async choicesFor(
      { homeUrl }: Asked,
      userId: string,
    ): Promise<{ owned: Owned[]; joined: Joined[]; before: Site | undefined }> {
      const accounts = await deps.accountsOf(userId);
      const owned: Owned[] = [];
      for (const { accountId, name } of accounts.filter(({ role }) => role === NEEDS)) {
        const all = await sites.ofAccount(accountId, { siteIds: null, after: undefined, limit: CHOICES_MAX });
        const offered = all.filter(deps.isOffered);
        const isBefore = (site: Site) => site.homeUrl === homeUrl;
        owned.push({
          accountId,
          name,
          sites: [...offered.filter(isBefore), ...offered.filter(site => !isBefore(site))],
          full: await deps.fullOfSites(accountId, all.length),
        });
      }
      const before = owned.flatMap(account => account.sites).find(site => site.homeUrl === homeUrl);
      return { owned, joined: accounts.filter(({ role }) => role !== NEEDS), before };
    },

    /**
     * The address to go back to with a code for this site, or for a new one. Throws 400 where it is not offered, and 403
     * `plan_limit_reached` where a new one is more than the account's plan has.
     */
    async approve(asked: Asked, chosen: Chosen, actor: Actor): Promise<string> {
      const site = 'siteId' in chosen ? await sites.byId(chosen.siteId) : undefined;
      const accountId = 'newIn' in chosen ? chosen.newIn : site?.accountId;
      const isOffered = 'newIn' in chosen || (site && deps.isOffered(site));
      if (!accountId || !isOffered || (await deps.roleIn(actor.userId, accountId)) !== NEEDS) {
        throw new AppError('validation_failed', 'What was chosen is not there any more. Press Connect again.');
      }
      if ('newIn' in chosen) {
        const sitesNow = await sites.ofAccount(accountId, { siteIds: null, after: undefined, limit: CHOICES_MAX });
        const full = await deps.fullOfSites(accountId, sitesNow.length);
        if (full) throw new AppError('plan_limit_reached', full);
      }
      const code = randomBytes(32).toString('base64url');
      const { platform, homeUrl, codeChallenge } = asked;
      const at = now();
      const approval = { siteId: site?.id ?? null, accountId, approvedBy: actor.userId, platform, siteUrl: homeUrl };
      const expiresAt = new Date(at.getTime() + CODE_MS);
      await store.add({ hash: sha256(code), ...approval, codeChallenge, expiresAt }, at);
      await deps.audit({ accountId, siteId: site?.id ?? null, actor, action: 'connectSite', details: { platform } });
      return backTo(asked, { code });
    },

    /** The address to go back to where the owner said no. */
    refuse: (asked: Asked): string => backTo(asked, { error: 'access_denied' }),

    /**
     * A site and its new secret for the code of an approval. Throws 400 `connect_code_invalid`, and 403 `plan_limit_reached`
     * where the account has got its last site meanwhile; the code is spent then.
     */
    async exchange(given: { code: string; codeVerifier: string; siteUrl: string }): Promise<ConnectTokenResponse> {
      const code = await store.spend(sha256(given.code), now());
      const isTheirs =
        code?.codeChallenge === challengeOf(given.codeVerifier) && code.siteUrl === homeUrlOf(given.siteUrl);
      // Who approved may have lost the account meanwhile.
      if (!code || !isTheirs || (await deps.roleIn(code.approvedBy, code.accountId)) !== NEEDS) throw invalid();
      const { siteId, accountId, platform, siteUrl: homeUrl } = code;
      const connected = await sites.connect({ siteId, accountId, platform, homeUrl }, (tx, id) =>
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

const invalid = () =>
  new AppError(
    'connect_code_invalid',
    'This code is wrong, was used before, or is older than ten minutes. Press Connect again.',
  );

const held = () =>
  new AppError('legal_hold', 'A legal hold keeps data of this site. End it first, or disconnect without erasing.');
