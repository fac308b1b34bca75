import type { Resolvers } from './execute.ts';

/** What a shop pays for, as the Partner API has it. No subscription: null. */
export type Subscription = {
  /** The handle of the plan. */
  handle: string;
  name: string;
  amount: string;
  currency: string;
  billingPeriod: 'EVERY_30_DAYS' | 'ANNUAL';
  trialEndsAt: string | null;
  cancelAtEndOfCycle: boolean;
  cycleEndsAt: string | null;
  /** The plan that was chosen for the next cycle. */
  pendingHandle: string | null;
};

export type PartnerContext = {
  appId: string;
  apiKey: string;
  shops: { id: string; domain: string; name: string; subscription: Subscription | null }[];
  scopes: readonly string[];
  isBulk: boolean;
};

const item = (handle: string, { name, amount, currency }: Subscription) => ({
  handle,
  description: name,
  discount: null,
  usage: null,
  price: { __typename: 'FlatRatePrice', active: true, amount, currency },
});

/** The Partner API: which shop has which subscription. */
export const partnerResolvers: Resolvers<PartnerContext> = {
  QueryRoot: {
    activeSubscription(_, { appId, shopId }, { appId: ours, apiKey, shops }) {
      const shop = shops.find(({ id }) => id === shopId.replace(/^gid:\/\/partners\//, 'gid://shopify/'));
      if (appId !== ours || !shop?.subscription) return null;
      const { handle, pendingHandle, cycleEndsAt, ...rest } = shop.subscription;
      return {
        ...rest,
        app: { id: appId, apiKey, name: 'Confab' },
        shop: { id: shopId, myshopifyDomain: `https://${shop.domain}`, name: shop.name },
        items: [item(handle, shop.subscription)],
        legacySubscriptionId: null,
        currentBillingCycle: cycleEndsAt && { startTime: new Date(0).toISOString(), endTime: cycleEndsAt },
        pendingUpdate: pendingHandle
          ? {
              billingPeriod: rest.billingPeriod,
              items: [item(pendingHandle, shop.subscription)],
              legacySubscriptionId: null,
            }
          : null,
      };
    },
  },
};
