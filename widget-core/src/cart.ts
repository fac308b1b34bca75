/** The basket of the shop that the page belongs to. */
export interface Cart {
  /** Puts one of these into it. `false` where the shop did not, or did not say so in time. */
  add(variantId: string): Promise<boolean>;
}

/** What Shopify offers to every script in a page of a shop, as far as we use it. */
interface StandardActions {
  updateCart?(change: { lines: { merchandiseId: string; quantity: number }[] }): Promise<{
    userErrors?: unknown[];
    warnings?: { code?: string }[];
  }>;
}

/** Longer than any working basket needs. */
const ADDED_WITHIN_MS = 20_000;

/** Said of a line that was asked for and is not there, or not in that number. */
const NOT_ADDED = ['MERCHANDISE_OUT_OF_STOCK', 'MERCHANDISE_NOT_ENOUGH_STOCK'];

/** The basket of a Shopify shop, which the theme shows by itself; nothing in a page without one. */
export function shopCart(): Cart | undefined {
  const actions = (window as { Shopify?: { actions?: StandardActions } }).Shopify?.actions;
  if (!actions?.updateCart) return undefined;
  return {
    async add(variantId) {
      try {
        const added = actions.updateCart?.({ lines: [{ merchandiseId: variantId, quantity: 1 }] });
        const result = await Promise.race([added, silence()]);
        const isShort = result?.warnings?.some(({ code = '' }) => NOT_ADDED.includes(code));
        return result !== undefined && !result.userErrors?.length && !isShort;
      } catch {
        return false; // the shop could not be reached
      }
    },
  };
}

const silence = () => new Promise<undefined>(resolve => setTimeout(resolve, ADDED_WITHIN_MS));
