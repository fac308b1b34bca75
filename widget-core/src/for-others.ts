/** Stands in for `for-shopify.ts`. */
export const isForShopify = false;
