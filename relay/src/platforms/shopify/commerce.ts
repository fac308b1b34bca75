import type { Site } from '../../features/sites/index.ts';
import type { Log } from '../../lib/log.ts';
import type { Commerce } from '../../providers/commerce/commerce.ts';
import type { Admin } from './admin.ts';
import type { CustomerTokens } from './customers/customer-token.ts';
import { createOrderPassages } from './customers/orders.ts';
import type { Shop, Shops } from './shops.ts';
import { createLiveProducts } from './storefront/live-products.ts';

/** An answer waits so long for the shop, and no longer. */
const PATIENCE_MS = 2_000;

type Deps = { shops: Pick<Shops, 'bySite'>; admin: Admin; customerTokens: CustomerTokens; log: Log };

/** What Shopify shops know at this moment. */
export function createShopifyCommerce({ shops, admin, customerTokens, log }: Deps): Commerce {
  const liveProducts = createLiveProducts({ log });
  const orderPassages = createOrderPassages({ admin });

  return {
    products: (site, externalIds, { locale, signal }) =>
      inTime(site, signal, new Map(), async () => {
        const shop = externalIds.length > 0 && (await shopOf(site));
        return shop ? liveProducts({ siteId: site.id, domain: shop.domain, externalIds, locale }) : new Map();
      }),

    customerOf: (site, customerToken) =>
      customerToken === undefined ? undefined : customerTokens.customerOf(site.id, customerToken),

    orders: (site, question, customerId, { locale, signal }) =>
      inTime(site, signal, [], async within => {
        const shop = site.settings.features.orders && (await shopOf(site));
        return shop ? orderPassages({ site, shop, question, customerId, locale, signal: within }) : [];
      }),
  };

  async function shopOf({ id }: Site): Promise<Shop | undefined> {
    const shop = await shops.bySite(id);
    return shop?.uninstalledAt === null ? shop : undefined;
  }

  /** What the work finds, or nothing where it fails or takes too long. */
  async function inTime<Found>(
    site: Site,
    signal: AbortSignal,
    nothing: Found,
    work: (within: AbortSignal) => Promise<Found>,
  ): Promise<Found> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const late = new Promise<Found>(resolve => {
      within.addEventListener('abort', () => resolve(nothing), { once: true });
    });
    const found = work(within).catch((error: unknown) => {
      if (!within.aborted) log.warn({ siteId: site.id, err: error }, 'a shop did not tell what an answer needed');
      return nothing;
    });
    return within.aborted ? nothing : Promise.race([found, late]);
  }
}
