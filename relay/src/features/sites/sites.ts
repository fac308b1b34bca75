import { modelProvider, type Settings, type SettingsUpdate } from '@confab/contract';
import { LRUCache } from 'lru-cache';
import { v7 as uuidv7 } from 'uuid';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { sha256 } from '../../lib/sha256.ts';
import { defaultSettings } from './default-settings.ts';
import type { KeyChange, Site, SiteStore, StoredSettings } from './store.ts';

/** Other relay processes see a change of settings after this time; the one that took it sees it at once. */
const CACHE_MS = 5_000;

export type Sites = ReturnType<typeof createSites>;

export function createSites({ store, keyring, now }: { store: SiteStore; keyring: Keyring; now: () => Date }) {
  // Every turn asks for its site: the row is read once, not each time.
  const cache = new LRUCache<string, Site>({ max: 1_000, ttl: CACHE_MS });

  return {
    /** The site as it stands in the database, for work in the background. */
    byId: store.byId,

    /** Throws 404 `site_not_found`. */
    async byKey(key: string): Promise<Site> {
      const site = await cached(`key:${key}`, async () => (isSiteKey(key) ? store.byKey(key) : undefined));
      if (!site) throw new AppError('site_not_found', 'No site has this key. Check data-site-key in the page.');
      return site;
    },

    /** Throws 401 `unauthorized`. */
    async bySecret(secret: string): Promise<Site> {
      const secretHash = sha256(secret);
      const site = await cached(`secret:${secretHash}`, () => store.bySecretHash(secretHash));
      if (!site)
        throw new AppError('unauthorized', 'This site secret is not valid (any more). Connect the site again.');
      return site;
    },

    /** Makes the site where it is missing; sets its secret in any case. */
    async ensure(site: { key: string; name: string; secret: string; allowedOrigins: string[] }): Promise<Site> {
      await store.ensure({
        id: uuidv7(),
        key: site.key,
        secretHash: sha256(site.secret),
        settings: defaultSettings(site),
        createdAt: now(),
      });
      cache.clear();
      return this.byKey(site.key);
    },

    /** The settings as an owner reads them: of the provider keys only that they are there. */
    settingsOf: (site: Site): Settings => readable(site),

    /** Replaces the settings, when they still are the ones with `version`; `site` is what stands now in either case. */
    async updateSettings(site: Site, version: number, update: SettingsUpdate): Promise<{ saved: boolean; site: Site }> {
      const { settings, keys } = split(site, update);
      const saved = await store.updateSettings(site.id, version, settings, keys);
      cache.clear();
      return { saved, site: await this.byKey(site.key) };
    },

    /** The site's own key for a provider, in the clear; only for calling that provider. */
    providerKey(site: Site, provider: string): string | undefined {
      const row = site.providerKeys.find(key => key.provider === provider);
      return row && keyring.decrypt(row, contextOf(site, provider));
    },
  };

  async function cached(name: string, read: () => Promise<Site | undefined>): Promise<Site | undefined> {
    const known = cache.get(name);
    if (known) return known;
    const site = await read();
    if (site) cache.set(name, site);
    return site;
  }

  function split(site: Site, update: SettingsUpdate): { settings: StoredSettings; keys: KeyChange[] } {
    const { openai, anthropic, ...answers } = update.answers;
    const { apiKey: _openaiKey, ...openaiRest } = openai;
    const { apiKey: _anthropicKey, ...anthropicRest } = anthropic;
    const keys = modelProvider.options.flatMap((provider): KeyChange[] => {
      const { apiKey } = update.answers[provider];
      if (apiKey === null) return [{ provider, key: null }];
      // What was read comes back unchanged: the key stays.
      if (typeof apiKey !== 'string') return [];
      const sealed = keyring.encrypt(apiKey, contextOf(site, provider));
      return [{ provider, key: { ...sealed, last4: apiKey.slice(-4) } }];
    });
    return { settings: { ...update, answers: { ...answers, openai: openaiRest, anthropic: anthropicRest } }, keys };
  }
}

/** A ciphertext that is moved to another site or provider must not decrypt there. */
const contextOf = (site: Site, provider: string) => `${site.id}:${provider}`;

function isSiteKey(key: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,63}$/.test(key);
}

function readable(site: Site): Settings {
  const { answers } = site.settings;
  const apiKey = (provider: string) => {
    const row = site.providerKeys.find(key => key.provider === provider);
    return { set: row !== undefined, last4: row?.last4 ?? null };
  };
  return {
    ...site.settings,
    answers: {
      ...answers,
      openai: { apiKey: apiKey('openai'), ...answers.openai },
      anthropic: { apiKey: apiKey('anthropic'), ...answers.anthropic },
    },
  };
}
