import { settingsSchema } from '@confab/contract';
import type { Database } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Site, type Sites, type StoredSettings, withOrigin } from '../../features/sites/index.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Admin } from './admin.ts';
import { ShopifyFault } from './fault.ts';
import { outOfDate, type VerifyIdToken } from './id-token.ts';
import { SHOPIFY_PLAN, SHOPIFY_SYNC } from './jobs.ts';
import { INSTALLED_SHOP, METAFIELDS_SET } from './operations/install.ts';
import { storeNameOf } from './shop-domain.ts';
import type { Shop, Shops } from './shops.ts';
import type { Tokens } from './tokens.ts';

export type Installations = ReturnType<typeof createInstallations>;
export type Installed = { site: Site; shop: Shop };

type Deps = {
  db: Database['db'];
  shops: Shops;
  sites: Sites;
  tokens: Tokens;
  admin: Admin;
  verifyIdToken: VerifyIdToken;
  jobs: Pick<Jobs, 'enqueue' | 'wake'>;
  /** Where storefronts reach this relay. */
  relayOrigin: () => string;
  now: () => Date;
};

type InstalledShop = {
  shop: {
    id: string;
    name: string;
    ianaTimezone: string;
    shopAddress: { countryCodeV2: string | null };
    primaryDomain: { url: string; localization: { defaultLocale: string } | null };
  };
  currentAppInstallation: { id: string };
};

const NAME_MAX = 120;
/** That a shop has the app is noted so often while somebody uses it. */
const SEEN_EVERY_MS = 60_000;
/** The merchant waits for the app to open. */
const PATIENCE_MS = 5_000;

/**
 * How a shop becomes a site, and stops being one. Shopify installs and removes the app by itself; the first ID token of
 * a shop is how the relay learns of it.
 *
 * What a site takes over from its shop: at the first installation the name, the language, the time zone and the country.
 * From then on these are the owner's, and no later installation or change of the shop touches them. What follows the
 * shop is where it is: its myshopify.com address and its primary domain are always admitted, and when the primary domain
 * changes, the one before is not any more. Origins that the owner added stay.
 */
export function createInstallations(deps: Deps) {
  const { db, shops, sites, tokens, admin, now } = deps;
  const running = new Map<string, Promise<Installed>>();

  return {
    /**
     * The site of the shop that this ID token is for, made or brought back where it is not there. Cheap where it is, so
     * that it can be asked at each opening of the app. Many at once do it once. Throws 401 `unauthorized` for a token
     * that is not good (any more) or of another shop, and a `ShopifyFault` where Shopify does not play along; the next
     * opening then goes on where this one ended.
     */
    async install({ domain, idToken }: { domain: string; idToken: string }): Promise<Installed> {
      const proven = await deps.verifyIdToken(idToken);
      if (proven.domain !== domain) throw outOfDate();
      const shop = await shops.byDomain(domain);
      const site = shop && isWhole(shop) && (await sites.byId(shop.siteId));
      if (shop && site) {
        // A removal that we hear of later may have been before this: then the app was installed again since.
        if (+proven.at - +shop.installedAt > SEEN_EVERY_MS) await shops.seen(shop.siteId, proven.at);
        return { shop, site };
      }
      const known = running.get(domain);
      if (known) return known;
      const mine = complete(domain, idToken).finally(() => running.delete(domain));
      running.set(domain, mine);
      return mine;
    },

    /**
     * The app was removed from the shop at this time: the tokens go, the widget is not served any more, and what is kept
     * waits for `shop/redact`. Does nothing where the shop was installed again since.
     */
    async uninstall(domain: string, at: Date = now()): Promise<void> {
      const shop = await shops.byDomain(domain);
      if (!shop) return;
      await inTransaction(db, async tx => {
        if (await shops.markUninstalled(tx, domain, at)) await sites.disconnect(shop.siteId, tx);
      });
      sites.forgetCached();
    },

    /**
     * The shop may have moved, or this relay, or the owner chose another look: reads where the one is, and tells the
     * storefront the rest. Done when something of it changed, and every night, since news may get lost.
     */
    async shopChanged(domain: string): Promise<void> {
      const shop = await shops.byDomain(domain);
      const site = shop && isWhole(shop) && (await sites.byId(shop.siteId));
      if (!shop || !site) return;
      const about = await admin.request<InstalledShop>(domain, INSTALLED_SHOP);
      const homeUrl = new URL(about.shop.primaryDomain.url).origin;
      if (homeUrl !== site.homeUrl) await sites.move(site.id, homeUrl, moved(domain, site.homeUrl, homeUrl));
      await tellStorefront(domain, site, about.currentAppInstallation.id);
    },

    /** The owner granted or took back scopes; these are all that there are now. */
    scopesChanged: (domain: string, current: string[]): Promise<void> => shops.setScopes(domain, current),
  };

  async function complete(domain: string, idToken: string): Promise<Installed> {
    const shop = await begin(domain);
    await tokens.exchange(domain, idToken);
    const about = await admin.request<InstalledShop>(domain, INSTALLED_SHOP, { patienceMs: PATIENCE_MS });
    const before = await sites.byId(shop.siteId);
    if (!before) throw gone();
    await tellStorefront(domain, before, about.currentAppInstallation.id);
    const homeUrl = new URL(about.shop.primaryDomain.url).origin;
    const move = moved(domain, before.homeUrl, homeUrl);
    const site = await sites.connectApp(
      shop.siteId,
      { platform: 'shopify', homeUrl },
      settings => move(shop.shopId === null ? begun(settings, about.shop) : settings),
      async tx => {
        await shops.markInstalled(tx, shop.siteId, { shopId: about.shop.id, at: now() });
        for (const queue of [SHOPIFY_SYNC, SHOPIFY_PLAN]) {
          await deps.jobs.enqueue(queue, { siteId: shop.siteId }, { key: shop.siteId, tx });
        }
      },
    );
    const installed = site && (await shops.byDomain(domain));
    if (!installed) throw gone();
    await deps.jobs.wake(SHOPIFY_SYNC);
    await deps.jobs.wake(SHOPIFY_PLAN);
    return { site, shop: installed };
  }

  /** The shop's row, so that there is something to lock and to keep the tokens in. Of two that make it, one does. */
  async function begin(domain: string): Promise<Shop> {
    const known = await shops.byDomain(domain);
    if (known) return known;
    await sites
      .prepare(
        { platform: 'shopify', name: storeNameOf(domain), allowedOrigins: [`https://${domain}`] },
        (tx, siteId) => shops.add(tx, { siteId, domain, at: now() }),
      )
      .catch(async error => {
        if (!(await shops.byDomain(domain))) throw error;
      });
    const made = await shops.byDomain(domain);
    if (!made) throw gone();
    return made;
  }

  /** The theme app extension reads from these which site it belongs to, where the relay is, and how the button looks. */
  async function tellStorefront(domain: string, { key, settings }: Site, ownerId: string): Promise<void> {
    const text = 'single_line_text_field';
    const metafields = [
      { key: 'site_key', type: text, value: key },
      { key: 'relay_origin', type: text, value: deps.relayOrigin() },
      { key: 'enabled', type: 'boolean', value: 'true' },
      { key: 'appearance', type: 'json', value: JSON.stringify(settings.appearance) },
    ].map(each => ({ ...each, namespace: 'confab', ownerId }));
    const { metafieldsSet } = await admin.request<{ metafieldsSet: { userErrors: unknown[] } }>(
      domain,
      METAFIELDS_SET,
      { variables: { metafields } },
    );
    if (metafieldsSet.userErrors.length > 0) {
      throw new ShopifyFault('refused', 'Shopify did not take what the storefront needs to know (MetafieldsSet).');
    }
  }
}

/** Whether the installation came to its end, and its tokens were good when they were used last. */
const isWhole = (shop: Shop): boolean => shop.shopId !== null && shop.uninstalledAt === null && shop.hasTokens;

/** What a new site takes over, each where it is what a setting may be. */
function begun(settings: StoredSettings, shop: InstalledShop['shop']): StoredSettings {
  const taken = {
    name: shop.name.slice(0, NAME_MAX),
    locale: shop.primaryDomain.localization?.defaultLocale,
    timezone: shop.ianaTimezone,
    country: shop.shopAddress.countryCodeV2,
  };
  const isSetting = ([name, value]: [string, unknown]) =>
    settingsSchema.shape[name as keyof typeof taken].safeParse(value).success;
  return { ...settings, ...Object.fromEntries(Object.entries(taken).filter(isSetting)) };
}

/** The shop's own addresses admitted, and not the one that it had before. */
const moved = (domain: string, before: string | null, homeUrl: string) => (settings: StoredSettings) => {
  const mine = [`https://${domain}`, homeUrl];
  const isLeft = before !== null && !mine.includes(before) && settings.allowedOrigins.includes(before);
  const stayed = isLeft
    ? { ...settings, allowedOrigins: settings.allowedOrigins.filter(origin => origin !== before) }
    : settings;
  return mine.reduce(withOrigin, stayed);
};

const gone = () => new ShopifyFault('not_installed', 'The shop is not there any more.');
