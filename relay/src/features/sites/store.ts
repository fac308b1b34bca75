import { laterAnswers, laterSettings, type Platform, type Verification } from '@confab/contract';
import { type Db, Prisma, type Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';
import type { Sealed } from '../../lib/keyring.ts';
import type { SecretName, StoredSettings } from './secrets.ts';

export type ProviderKey = Sealed & { provider: string; last4: string };

/** What a platform sells a site; `answersPerMonth` is how many answers by providers are in it, `null` any number. */
export type Plan = { handle: string; name: string; answersPerMonth: number | null };

/** One tenant, with everything that a request needs to know of it. */
export type Site = {
  id: string;
  /** Whose it is; nobody's where no account has taken it over yet. */
  accountId: string | null;
  /** The handle of the plan that this account pays for; nothing where it pays for none. */
  accountPlan: string | null;
  key: string;
  createdAt: Date;
  settings: StoredSettings;
  settingsVersion: number;
  providerKeys: ProviderKey[];
  /** Whether somebody has its secret. Without, its widget is not served, and what is kept waits for the end of its time. */
  isConnected: boolean;
  /** How a plugin connected it, and where that says the site is; still there after it has gone. */
  platform: Platform | null;
  homeUrl: string | null;
  verification: Verification | null;
  verifiedAt: Date | null;
  /** What it has bought of its platform; nothing where that sells none, as on a relay that somebody runs for themselves. */
  plan: Plan | null;
};

/** What a plugin of a site brings. */
export type Connection = { platform: Platform; homeUrl: string; secretHash: string };

export type NewSite = {
  id: string;
  accountId: string | null;
  key: string;
  secretHash: string;
  settings: StoredSettings;
  createdAt: Date;
};
/** `null` removes the key. */
export type KeyChange = { provider: SecretName; key: (Sealed & { last4: string }) | null };

/** As many as the settings may hold. */
const ORIGINS_MAX = 20;
/** What else is read of a site. */
const WITH_ALL = { providerKeys: true, account: { select: { plan: true } } } as const;
/** The secret before the present one opens nothing any more. */
const NO_PREVIOUS = { previousSecretHash: null, previousSecretUntil: null };

export type SiteStore = ReturnType<typeof siteStore>;

/** Every query of the sites. */
export const siteStore = (db: Db) => ({
  byId: (id: string) => find(db, { id }),
  byKey: (key: string) => find(db, { key }),

  /** By its secret, or by the one before as long as that is valid. */
  async bySecretHash(secretHash: string, now: Date): Promise<Site | undefined> {
    const previous = { previousSecretHash: secretHash, previousSecretUntil: { gt: now } };
    const row = await db.site.findFirst({ where: { OR: [{ secretHash }, previous] }, include: WITH_ALL });
    return row ? siteOf(row) : undefined;
  },

  /** Makes the site, or gives the one with this key a new secret and leaves the rest of it alone. */
  async ensure(site: NewSite): Promise<void> {
    await db.site.upsert({
      where: { key: site.key },
      create: { ...site, settings: site.settings as Prisma.InputJsonValue },
      update: { secretHash: site.secretHash, ...NO_PREVIOUS },
    });
  },

  async add(tx: Tx, site: NewSite): Promise<void> {
    await tx.site.create({ data: { ...site, settings: site.settings as Prisma.InputJsonValue } });
  },

  /** Gives the site to the account; false where it is somebody's, that account's too. */
  async giveTo(tx: Tx, site: { id: string } | { key: string }, accountId: string): Promise<boolean> {
    const { count } = await tx.site.updateMany({ where: { ...site, accountId: null }, data: { accountId } });
    return count > 0;
  },

  /** How many sites the account has, while nobody else makes one. */
  async countLocked(tx: Tx, accountId: string): Promise<number> {
    await tx.$queryRaw`SELECT 1 FROM "Account" WHERE "id" = ${accountId}::uuid FOR NO KEY UPDATE`;
    return tx.site.count({ where: { accountId } });
  },

  /** Those of the account, newest first; of them those with these ids, where some are given. */
  async ofAccount(
    accountId: string,
    { siteIds, after, limit }: { siteIds: string[] | null; after: Place | undefined; limit: number },
  ): Promise<Site[]> {
    const rows = await db.site.findMany({
      where: { accountId, ...(siteIds && { id: { in: siteIds } }), ...olderThan(after) },
      include: WITH_ALL,
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    });
    return rows.map(siteOf);
  },

  /**
   * The site gets this secret; the one that it had is valid until then, and one before that no more. Gives whether it had
   * one.
   */
  async rotateSecret(siteId: string, secretHash: string, previousUntil: Date): Promise<boolean> {
    const [row] = await db.$queryRaw<{ had: boolean }[]>`
      UPDATE "Site" SET "secretHash" = ${secretHash}, "previousSecretHash" = "secretHash",
        "previousSecretUntil" = CASE WHEN "secretHash" IS NULL THEN NULL ELSE ${previousUntil}::timestamptz END
      WHERE "id" = ${siteId}::uuid RETURNING "previousSecretHash" IS NOT NULL AS "had"`;
    return row?.had ?? false;
  },

  /**
   * Gives the site to this plugin alone: makes it where `site` is a new one, else changes what the other one left. Its
   * origin is admitted from then on. False where the account has no such site (any more).
   */
  async connect(
    site: Omit<NewSite, 'secretHash'> | { id: string; accountId: string },
    connection: Connection,
    also: (tx: Tx) => Promise<void>,
  ): Promise<boolean> {
    const connected = { ...connection, ...NO_PREVIOUS, verification: 'pending', verifiedAt: null };
    return inTransaction(db, async tx => {
      if ('settings' in site) {
        await tx.site.create({ data: { ...site, settings: site.settings as Prisma.InputJsonValue, ...connected } });
      } else {
        const { origin } = new URL(connection.homeUrl);
        const changed = await changedSettings(tx, site.id, settings => withOrigin(settings, origin));
        if (!changed) return false;
        const { id, accountId } = site;
        const { count } = await tx.site.updateMany({ where: { id, accountId }, data: { ...connected, ...changed } });
        if (count === 0) return false;
      }
      await also(tx);
      return true;
    });
  },

  async prepare(
    site: Omit<NewSite, 'secretHash'> & { platform: Platform },
    also: (tx: Tx) => Promise<void>,
  ): Promise<void> {
    await inTransaction(db, async tx => {
      await tx.site.create({ data: { ...site, settings: site.settings as Prisma.InputJsonValue } });
      await also(tx);
    });
  },

  /** Gives the site to a platform's app. False where it is gone. */
  async connectApp(
    siteId: string,
    connection: Connection,
    settingsOf: (settings: StoredSettings) => StoredSettings,
    also: (tx: Tx) => Promise<void>,
  ): Promise<boolean> {
    return inTransaction(db, async tx => {
      const changed = await changedSettings(tx, siteId, settingsOf);
      if (!changed) return false;
      const data = { ...connection, ...NO_PREVIOUS, verification: null, verifiedAt: null, ...changed };
      await tx.site.update({ where: { id: siteId }, data });
      await also(tx);
      return true;
    });
  },

  async move(siteId: string, homeUrl: string, settingsOf: (settings: StoredSettings) => StoredSettings): Promise<void> {
    await inTransaction(db, async tx => {
      const changed = await changedSettings(tx, siteId, settingsOf);
      if (changed) await tx.site.update({ where: { id: siteId }, data: { homeUrl, ...changed } });
    });
  },

  /** From here on nobody has a secret of the site; what it holds stays. */
  async disconnect(siteId: string, tx: Tx = db): Promise<void> {
    const data = { secretHash: null, ...NO_PREVIOUS, verification: null, verifiedAt: null };
    await tx.site.updateMany({ where: { id: siteId }, data });
  },

  /** Deletes the site and, by the database's own cascade, everything that belongs to it. */
  async erase(tx: Tx, siteId: string): Promise<void> {
    await tx.site.deleteMany({ where: { id: siteId } });
  },

  /** The hash that the site's secret is kept by; nothing where nobody has one. */
  async secretHashOf(siteId: string): Promise<string | undefined> {
    const row = await db.site.findUnique({ where: { id: siteId }, select: { secretHash: true } });
    return row?.secretHash ?? undefined;
  },

  /** The same with that of the secret before, where that is still valid; newest first. */
  async secretHashesOf(siteId: string, now: Date): Promise<string[]> {
    const row = await db.site.findUnique({ where: { id: siteId } });
    if (!row?.secretHash) return [];
    const { secretHash, previousSecretHash, previousSecretUntil } = row;
    const isValid = previousSecretHash !== null && previousSecretUntil !== null && previousSecretUntil > now;
    return [secretHash, ...(isValid ? [previousSecretHash] : [])];
  },

  /** Where the site still has this secret; a check of the connection before says nothing of the one that is. */
  async setVerification(siteId: string, secretHash: string, verification: Verification, at: Date): Promise<void> {
    const data = { verification, ...(verification === 'verified' && { verifiedAt: at }) };
    await db.site.updateMany({ where: { id: siteId, secretHash }, data });
  },

  /** Notes what the site has bought of its platform. */
  async setPlan(siteId: string, plan: Plan | null): Promise<void> {
    await db.site.updateMany({ where: { id: siteId }, data: { plan: plan ?? Prisma.DbNull } });
  },

  /** False where the settings are no longer the ones with `version`; nothing is written then. */
  async updateSettings(
    siteId: string,
    version: number,
    settings: StoredSettings,
    keys: KeyChange[],
    also: (tx: Tx) => Promise<void>,
  ): Promise<boolean> {
    return inTransaction(db, async tx => {
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
      await also(tx);
      return true;
    });
  },
});

async function find(db: Db, where: Prisma.SiteWhereUniqueInput): Promise<Site | undefined> {
  const row = await db.site.findUnique({ where, include: WITH_ALL });
  return row ? siteOf(row) : undefined;
}

function siteOf({
  secretHash,
  previousSecretHash: _hash,
  previousSecretUntil: _until,
  settings,
  account,
  ...row
}: Prisma.SiteGetPayload<{ include: typeof WITH_ALL }>): Site {
  const accountPlan = account?.plan ?? null;
  return { ...row, accountPlan, settings: known(settings as StoredSettings), isConnected: secretHash !== null } as Site;
}

/** The settings of a site that was last saved before some of them came. */
function known(stored: StoredSettings): StoredSettings {
  const { crm, notifications, limits, features } = laterSettings;
  return {
    ...laterSettings,
    ...stored,
    answers: { ...laterAnswers, ...stored.answers },
    hours: stored.hours ? { ...stored.hours, exceptions: stored.hours.exceptions ?? [] } : laterSettings.hours,
    limits: { ...limits, ...stored.limits },
    features: { ...features, ...stored.features },
    crm: {
      ...crm,
      ...stored.crm,
      hubspot: { ...crm.hubspot, ...stored.crm?.hubspot },
      salesforce: { ...crm.salesforce, ...stored.crm?.salesforce },
      pipedrive: { ...crm.pipedrive, ...stored.crm?.pipedrive },
      klaviyo: { ...crm.klaviyo, ...stored.crm?.klaviyo },
      zoho: { ...crm.zoho, ...stored.crm?.zoho },
    },
    notifications: { ...notifications, ...stored.notifications },
  };
}

/**
 * What to write so that the site's settings become those of `settingsOf`, which gives back what it got where nothing
 * changes; they are locked until `tx` ends. Nothing where the site is gone.
 */
async function changedSettings(tx: Tx, siteId: string, settingsOf: (settings: StoredSettings) => StoredSettings) {
  await tx.$queryRaw`SELECT 1 FROM "Site" WHERE "id" = ${siteId}::uuid FOR NO KEY UPDATE`;
  const row = await tx.site.findUnique({ where: { id: siteId }, select: { settings: true } });
  if (!row) return undefined;
  const before = row.settings as StoredSettings;
  const settings = settingsOf(before);
  if (settings === before) return {};
  return { settings: settings as Prisma.InputJsonValue, settingsVersion: { increment: 1 } };
}

/** The settings with this origin admitted. */
export function withOrigin(settings: StoredSettings, origin: string): StoredSettings {
  const { allowedOrigins } = settings;
  if (allowedOrigins.includes(origin)) return settings;
  // The site that is connected must work: the oldest of a full list makes place.
  return { ...settings, allowedOrigins: [...allowedOrigins, origin].slice(-ORIGINS_MAX) };
}
