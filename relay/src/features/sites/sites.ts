import { randomBytes } from 'node:crypto';
import type { Platform, Settings, SettingsUpdate, Verification } from '@confab/contract';
import { LRUCache } from 'lru-cache';
import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../../db/database.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Live } from '../../live/live.ts';
import { defaultSettings } from './default-settings.ts';
import { type SecretName, type StoredSettings, splitSecrets, withSecrets } from './secrets.ts';
import type { KeyChange, Plan, Site, SiteStore } from './store.ts';

/** Every process is told of a change; one that did not hear of it sees it after this time. */
const CACHE_MS = 5_000;
/** As long as the settings take one. */
const NAME_MAX = 120;
/** After a rotation both secrets are valid for so long, so that whoever uses one can change it without a gap. */
const PREVIOUS_MS = 24 * 60 * 60 * 1_000;
/** An account's sites are read with its user; more belong to several accounts. */
const SITES_MAX = 200;

export type Sites = ReturnType<typeof createSites>;

type Deps = {
  store: SiteStore;
  keyring: Keyring;
  /** Hears of new settings, in the transaction that keeps them; and which secrets are others than those of `site`. */
  onSettings?: (tx: Tx, site: Site, settings: StoredSettings, secrets: SecretName[]) => Promise<void>;
  /** Why an account takes no further site beside so many; nothing where it does. */
  fullOfSites?: (accountId: string, sites: number, tx: Tx) => Promise<string | undefined>;
  /** Tells the other processes that a site has changed, and hears it of theirs. */
  live?: Pick<Live, 'tell' | 'on'>;
  now: () => Date;
};

export function createSites({
  store,
  keyring,
  onSettings = async () => {},
  fullOfSites = async () => undefined,
  live,
  now,
}: Deps) {
  // Every turn asks for its site: the row is read once, not each time.
  const cache = new LRUCache<string, Site>({ max: 1_000, ttl: CACHE_MS });
  let forgotten = 0;
  live?.on('processes', ({ type, id }) => {
    if (type === 'site' || type === 'missed') forget(id);
  });

  /** A reading that is under way does not bring back what has just changed. */
  function forget(siteId?: string): void {
    forgotten += 1;
    if (siteId === undefined) cache.clear();
    for (const [key, site] of cache.entries()) if (site.id === siteId) cache.delete(key);
  }

  /** Has every request of every process read the site anew, or all of them. For after the change was committed. */
  function forgetCached(siteId?: string): void {
    forget(siteId);
    // Whoever does not hear of it forgets by itself soon.
    void tellOfChange(siteId).catch(() => {});
  }

  async function tellOfChange(siteId: string | undefined, tx?: Tx): Promise<void> {
    await live?.tell('processes', { type: 'site', ...(siteId !== undefined && { id: siteId }) }, tx);
  }

  return {
    /** The site as it stands in the database, for work in the background. */
    byId: store.byId,

    /** Throws 404 `site_not_found`. */
    async byKey(key: string): Promise<Site> {
      const site = await cached(key, async () => (isSiteKey(key) ? store.byKey(key) : undefined));
      if (!site) throw notFound();
      return site;
    },

    /** The site of a page's widget. Throws 404 `site_not_found`, also where the site is connected to nobody. */
    async servedByKey(key: string): Promise<Site> {
      const site = await this.byKey(key);
      if (!site.isConnected) throw notFound();
      return site;
    },

    /** Throws 401 `unauthorized`. Always asks the database: a secret that was taken back opens nothing, in any process. */
    async bySecret(secret: string): Promise<Site> {
      const site = await store.bySecretHash(sha256(secret), now());
      if (!site)
        throw new AppError('unauthorized', 'This site secret is not valid (any more). Connect the site again.');
      return site;
    },

    /** Makes the site where it is missing; sets its secret in any case. */
    async ensure(site: { key: string; name: string; secret: string; allowedOrigins: string[] }): Promise<Site> {
      await store.ensure({
        id: uuidv7(),
        accountId: null,
        key: site.key,
        secretHash: sha256(site.secret),
        settings: defaultSettings(site),
        createdAt: now(),
      });
      forgetCached();
      return this.byKey(site.key);
    },

    erase: store.erase,
    secretHashOf: store.secretHashOf,

    /** The hashes of every secret of the site that is valid now, the newest first. */
    secretHashesOf: (siteId: string): Promise<string[]> => store.secretHashesOf(siteId, now()),

    ofAccount: store.ofAccount,

    /** Gives the site to the account, unless it is somebody's, which is false. */
    giveTo: store.giveTo,

    requireFew,

    /**
     * Makes a site of the account for pages at `origin`, with a secret that is told this once. Within a transaction that
     * has locked the account. Throws 400 where the account has as many as there may be, 403 `plan_limit_reached` where its plan
     * has no more.
     */
    async create(
      tx: Tx,
      { accountId, name, origin }: { accountId: string; name: string; origin: string },
    ): Promise<{ siteId: string; siteKey: string; secret: string }> {
      const secret = newSecret();
      const site = newSite({ name, allowedOrigins: [origin] }, accountId);
      await store.add(tx, { ...site, secretHash: sha256(secret) });
      await requireFew(tx, accountId);
      return { siteId: site.id, siteKey: site.key, secret };
    },

    /**
     * A new secret, told this once. The one before is valid until `previousUntil`, where there was one; one before that no
     * more.
     */
    async rotateSecret(site: Site): Promise<{ secret: string; previousUntil: Date | null }> {
      const secret = newSecret();
      const previousUntil = new Date(now().getTime() + PREVIOUS_MS);
      const hadOne = await store.rotateSecret(site.id, sha256(secret), previousUntil);
      forgetCached(site.id);
      return { secret, previousUntil: hadOne ? previousUntil : null };
    },

    /**
     * Gives the site of the account with this id, or a new one, to the plugin at `homeUrl`, with a secret that is told this
     * once. Those before are void. `also` belongs to the same transaction. Nothing where the account has no such site (any
     * more). Throws 400 where a new one would be more than an account has, 403 `plan_limit_reached` more than its plan.
     */
    async connect(
      {
        siteId,
        accountId,
        platform,
        homeUrl,
      }: { siteId: string | null; accountId: string; platform: Platform; homeUrl: string },
      also: (tx: Tx, siteId: string) => Promise<void>,
    ): Promise<{ site: Site; secret: string } | undefined> {
      const secret = newSecret();
      const { host, origin } = new URL(homeUrl);
      const site =
        siteId === null
          ? newSite({ name: host.slice(0, NAME_MAX), allowedOrigins: [origin] }, accountId)
          : { id: siteId, accountId };
      const connection = { platform, homeUrl, secretHash: sha256(secret) };
      const isThere = await store.connect(site, connection, async tx => {
        if (siteId === null) await requireFew(tx, accountId);
        await also(tx, site.id);
      });
      forgetCached(site.id);
      const connected = isThere && (await store.byId(site.id));
      return connected ? { site: connected, secret } : undefined;
    },

    /** Makes a site for a platform's app, connected to nobody yet. `also` belongs to the same transaction. */
    async prepare(
      { platform, ...named }: { platform: Platform; name: string; allowedOrigins: string[] },
      also: (tx: Tx, siteId: string) => Promise<void>,
    ): Promise<void> {
      const site = { ...newSite({ ...named, name: named.name.slice(0, NAME_MAX) }, null), platform };
      await store.prepare(site, tx => also(tx, site.id));
    },

    /**
     * Connects the site to a platform whose app is part of this relay, with the settings changed as it says. Such a site
     * needs no secret: the one that it gets, since one is what a connected site has, is told to nobody. `also` belongs to
     * the same transaction. Nothing where there is no such site (any more).
     */
    async connectApp(
      siteId: string,
      { platform, homeUrl }: { platform: Platform; homeUrl: string },
      settingsOf: (settings: StoredSettings) => StoredSettings,
      also: (tx: Tx) => Promise<void>,
    ): Promise<Site | undefined> {
      const secretHash = sha256(newSecret());
      const isThere = await store.connectApp(siteId, { platform, homeUrl, secretHash }, settingsOf, also);
      forgetCached(siteId);
      return isThere ? store.byId(siteId) : undefined;
    },

    /** Follows a platform that moved the site to another address. */
    async move(
      siteId: string,
      homeUrl: string,
      settingsOf: (settings: StoredSettings) => StoredSettings,
    ): Promise<void> {
      await store.move(siteId, homeUrl, settingsOf);
      forgetCached(siteId);
    },

    /** Voids the secret; what the site holds stays. Within a transaction, call `forgetCached` after it. */
    async disconnect(siteId: string, tx?: Tx): Promise<void> {
      await store.disconnect(siteId, tx);
      forgetCached(siteId);
    },

    /** What a check of the connection found, unless the site has another secret by now. */
    setVerification: (siteId: string, secretHash: string, verification: Verification) =>
      store.setVerification(siteId, secretHash, verification, now()),

    /** What the site has bought of its platform, from now on. */
    async setPlan(siteId: string, plan: Plan | null): Promise<void> {
      await store.setPlan(siteId, plan);
      forgetCached(siteId);
    },

    forgetCached,

    /** The settings as an owner reads them: of the secrets only that they are there. */
    settingsOf: (site: Site): Settings => readable(site),

    /** Replaces the settings, when they still are the ones with `version`; `site` is what stands now in either case. */
    async updateSettings(site: Site, version: number, update: SettingsUpdate): Promise<{ saved: boolean; site: Site }> {
      const { settings, changes } = splitSecrets(update);
      const keys = changes.map(
        ({ name, secret }): KeyChange => ({
          provider: name,
          key: secret === null ? null : { ...keyring.encrypt(secret, contextOf(site, name)), last4: secret.slice(-4) },
        }),
      );
      const changed = changes.map(({ name }) => name);
      const saved = await store.updateSettings(site.id, version, settings, keys, async tx => {
        await onSettings(tx, site, settings, changed);
        await tellOfChange(site.id, tx);
      });
      forget(site.id);
      return { saved, site: await this.byKey(site.key) };
    },

    /** A secret of the site's settings, in the clear; only for calling whom it is for. */
    secretOf(site: Site, name: SecretName): string | undefined {
      const row = site.providerKeys.find(key => key.provider === name);
      return row && keyring.decrypt(row, contextOf(site, name));
    },
  };

  /** For who has just given the account one more. Throws 400, and 403 `plan_limit_reached`. */
  async function requireFew(tx: Tx, accountId: string): Promise<void> {
    const count = await store.countLocked(tx, accountId);
    if (count > SITES_MAX) {
      throw new AppError('validation_failed', `An account has at most ${SITES_MAX} sites. Erase one first.`);
    }
    const full = await fullOfSites(accountId, count - 1, tx);
    if (full) throw new AppError('plan_limit_reached', full);
  }

  async function cached(name: string, read: () => Promise<Site | undefined>): Promise<Site | undefined> {
    const known = cache.get(name);
    if (known) return known;
    const before = forgotten;
    const site = await read();
    if (site && before === forgotten) cache.set(name, site);
    return site;
  }

  function newSite(named: { name: string; allowedOrigins: string[] }, accountId: string | null) {
    const key = randomBytes(12).toString('hex');
    return { id: uuidv7(), accountId, key, settings: defaultSettings(named), createdAt: now() };
  }
}

const newSecret = (): string => randomBytes(32).toString('base64url');

const notFound = () => new AppError('site_not_found', 'No site has this key. Check data-site-key in the page.');

/** A ciphertext that is moved to another site or place must not decrypt there. */
const contextOf = (site: Site, name: SecretName) => `${site.id}:${name}`;

function isSiteKey(key: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,63}$/.test(key);
}

function readable(site: Site): Settings {
  return withSecrets(site.settings, name => {
    const row = site.providerKeys.find(key => key.provider === name);
    return { set: row !== undefined, last4: row?.last4 ?? null };
  });
}
