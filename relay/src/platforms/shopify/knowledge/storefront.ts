import type { Site } from '../../../features/sites/index.ts';
import type { Storefront } from './documents.ts';

/** What every operation of the knowledge asks of the shop itself. */
export type ShopBasics = { shop: { currencyCode: string; primaryDomain: { url: string } } };

/** What the documents of the shop have in common. */
export const storefrontOf = ({ shop }: ShopBasics, { settings }: Site, now: Date): Storefront => ({
  origin: shop.primaryDomain.url,
  currency: shop.currencyCode,
  locale: settings.locale,
  now,
});
