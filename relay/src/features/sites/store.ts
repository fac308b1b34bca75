import type { ModelProvider, Settings } from '@confab/contract';
import type { Db, Prisma } from '../../db/database.ts';
import type { Sealed } from '../../lib/keyring.ts';

/** The settings as they are kept: the provider keys live encrypted in rows of their own. */
export type StoredSettings = Omit<Settings, 'answers'> & {
  answers: Omit<Settings['answers'], 'openai' | 'anthropic'> & {
    openai: Omit<Settings['answers']['openai'], 'apiKey'>;
    anthropic: Omit<Settings['answers']['anthropic'], 'apiKey'>;
  };
};

export type ProviderKey = Sealed & { provider: string; last4: string };

/** One tenant, with everything that a request needs to know of it. */
export type Site = {
  id: string;
  key: string;
  createdAt: Date;
  settings: StoredSettings;
  settingsVersion: number;
  providerKeys: ProviderKey[];
};

export type NewSite = { id: string; key: string; secretHash: string; settings: StoredSettings; createdAt: Date };
/** `null` removes the key. */
export type KeyChange = { provider: ModelProvider; key: (Sealed & { last4: string }) | null };

export type SiteStore = ReturnType<typeof siteStore>;

/** Every query of the sites. */
export const siteStore = (db: Db) => ({
  byId: (id: string) => find(db, { id }),
  byKey: (key: string) => find(db, { key }),
  bySecretHash: (secretHash: string) => find(db, { secretHash }),

  /** Makes the site, or gives the one with this key a new secret and leaves the rest of it alone. */
  async ensure(site: NewSite): Promise<void> {
    await db.site.upsert({
      where: { key: site.key },
      create: { ...site, settings: site.settings as Prisma.InputJsonValue },
      update: { secretHash: site.secretHash },
    });
  },

  /** False where the settings are no longer the ones with `version`; nothing is written then. */
  async updateSettings(siteId: string, version: number, settings: StoredSettings, keys: KeyChange[]): Promise<boolean> {
    return db.$transaction(async tx => {
      const { count } = await tx.site.updateMany({
        where: { id: siteId, settingsVersion: version },
        data: { settings: settings as Prisma.InputJsonValue, settingsVersion: { increment: 1 } },
      });
      if (count === 0) return false;
      for (const { provider, key } of keys) {
        if (key === null) {
          await tx.providerKey.deleteMany({ where: { siteId, provider } });
        } else {
          const where = { siteId_provider: { siteId, provider } };
          await tx.providerKey.upsert({ where, create: { siteId, provider, ...key }, update: key });
        }
      }
      return true;
    });
  },
});

async function find(db: Db, where: Prisma.SiteWhereUniqueInput): Promise<Site | undefined> {
  const row = await db.site.findUnique({ where, include: { providerKeys: true } });
  if (!row) return undefined;
  const { secretHash: _, settings, ...site } = row;
  return { ...site, settings: settings as StoredSettings };
}
