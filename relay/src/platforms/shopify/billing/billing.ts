import type { Plan, Sites } from '../../../features/sites/index.ts';
import { type Payments, PaymentsFault, type Subscription } from '../../../providers/payments/payments.ts';
import type { Shops } from '../shops.ts';
import { FREE, planAmong } from './plans.ts';

/** What a shop has, and what it pays for; no plan on a relay whose operator pays for everything. */
export type Bought = { plan: Plan | null; subscription: Subscription | undefined };

export type Billing = ReturnType<typeof createBilling>;

type Deps = {
  sites: Pick<Sites, 'byId' | 'setPlan'>;
  shops: Pick<Shops, 'bySite'>;
  /** Nothing on a relay without access to the Partner API: it sells nothing, and no plan limits anybody. */
  payments: Payments | undefined;
};

/**
 * Which plan a shop has. Shopify knows: it shows the plans, takes the money, and is asked after each of its notices,
 * once a day, and when the merchant looks. What it said last holds until it says something else.
 */
export function createBilling({ sites, shops, payments }: Deps) {
  return {
    payments,

    /**
     * Asks what the shop pays for, and has its plan from now on. Throws a `PaymentsFault` where that cannot be known;
     * the plan before stays then. Nothing where the shop does not have the app.
     */
    async refresh(siteId: string, signal: AbortSignal): Promise<Bought | undefined> {
      const [shop, site] = await Promise.all([shops.bySite(siteId), sites.byId(siteId)]);
      if (!shop || !site || shop.uninstalledAt !== null) return undefined;
      const have = async (plan: Plan | null) => {
        if (plan?.handle !== site.plan?.handle || plan?.answersPerMonth !== site.plan?.answersPerMonth) {
          await sites.setPlan(siteId, plan);
        }
      };
      if (!payments) {
        await have(null);
        return { plan: null, subscription: undefined };
      }
      // Who was never known to pay is on the free plan, also while nobody can be asked.
      if (!site.plan) await have(FREE);
      if (shop.shopId === null) return { plan: FREE, subscription: undefined };
      const subscription = await payments.subscription(shop.shopId, signal);
      const plan = subscription ? planAmong(subscription.items) : FREE;
      if (!plan) throw unknownPlan(subscription?.items ?? []);
      await have(plan);
      return { plan, subscription };
    },
  };
}

/** The handles are our own, from the Partner Dashboard. */
const unknownPlan = (items: readonly string[]) =>
  new PaymentsFault(
    `Shopify says that the shop pays for “${items.join(', ')}”, which is no plan that this relay knows. ` +
      'Its plan stays what it was.',
    { passing: false },
  );
