/** Payload `{ domain }`: works off what Shopify has told of the shop. */
export const SHOPIFY_WEBHOOKS = 'shopify.webhooks';
/** Payload `{ siteId }`: brings the shop's knowledge up to date. */
export const SHOPIFY_SYNC = 'shopify.sync';
/** No payload: has every shop's knowledge compared once a night. */
export const SHOPIFY_NIGHTLY = 'shopify.nightly';
/** Payload `{ siteId }`: asks which plan the shop has. */
export const SHOPIFY_PLAN = 'shopify.plan';
/** No payload: has every shop's plan asked for once a day. */
export const SHOPIFY_PLANS = 'shopify.plans';
/** Payload `{ domain }`: has the shop and this relay know where the other one is. */
export const SHOPIFY_SHOP = 'shopify.shop';
/** No payload: does that for every shop, once a night. */
export const SHOPIFY_SHOPS = 'shopify.shops';
