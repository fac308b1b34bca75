import type { Shopify, ShopifyFeatures } from './index.ts';
import { createCompliance } from './webhooks/index.ts';

/** What Shopify's compliance topics ask for, and the documents that come of it. */
export const complianceOf = (shopify: Shopify, { privacy, owners, legalHolds }: ShopifyFeatures) =>
  createCompliance({
    ...shopify,
    db: shopify.database.db,
    store: shopify.webhooks,
    installations: shopify,
    privacy,
    owners,
    legalHolds,
  });
