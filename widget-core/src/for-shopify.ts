/**
 * Whether this build is the one for Shopify's theme app extension. The other one, for everybody else, finds
 * `for-others.ts` here instead (webpack.config.js): the loader is on every page of a shop, and carries what is of use there.
 */
export const isForShopify: boolean = true;
