import type { Product } from '@confab/contract';
import type { Site } from '../../features/sites/index.ts';

/** What is known of a visitor's own orders, in words that an answer can rest on. */
export type OrderPassage = { title: string; url: string; text: string };

type How = { locale: string; signal: AbortSignal };

/**
 * What the shop's platform knows at this very moment. Nothing of it throws or takes longer than two seconds: what cannot
 * be told in time is left out, and the answer then rests on what was synced.
 */
export interface Commerce {
  /** The products as they stand now, by the external ids of their documents. */
  products(site: Site, externalIds: readonly string[], how: How): Promise<Map<string, Product>>;
  /** The platform's id of the customer whom the token proves; nothing for a token that is false, old or of another site. */
  customerOf(site: Site, customerToken: string | undefined): string | undefined;
  /** What the question wants to know of the visitor's own orders, or how to sign in for that; empty for other questions. */
  orders(site: Site, question: string, customerId: string | undefined, how: How): Promise<OrderPassage[]>;
}

/** A site without a shop platform: what was synced is all there is. */
export const noCommerce: Commerce = {
  products: async () => new Map(),
  customerOf: () => undefined,
  orders: async () => [],
};
