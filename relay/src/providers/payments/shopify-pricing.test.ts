import '../../../../e2e/fakes/shopify/rewrite-fetch.ts';
import { describe, expect, it } from 'vitest';
import { startFakeShopify } from '../../../../e2e/fakes/shopify/index.ts';
import { type Failure, type Harness, paymentsContract } from './payments.contract.ts';
import { shopifyPricing } from './shopify-pricing.ts';

async function start(): Promise<Harness> {
  const shopify = await startFakeShopify();
  const { env, requests, partnerFaults } = shopify;
  const shop = shopify.shop({ domain: 'cosy-wool.myshopify.com' });
  const secret = env.SHOPIFY_PARTNER_TOKEN;
  const failures: Record<Failure, (times: number) => void> = {
    down: times => partnerFaults.fail(times, 503, { 'retry-after': '0' }, 'partner'),
    busy: times => partnerFaults.fail(times, 429, { 'retry-after': '0.01' }, 'partner'),
    'busy for long': times => partnerFaults.fail(times, 429, { 'retry-after': '3600' }, 'partner'),
    silent: times => partnerFaults.hang(times, 'partner'),
    garbled: times => partnerFaults.garbage(times, 'partner'),
    'in part': times => partnerFaults.partial(times, 'partner'),
    unauthorized: times => partnerFaults.fail(times, 401, {}, 'partner'),
  };
  return {
    payments: shopifyPricing({
      organizationId: env.SHOPIFY_PARTNER_ORGANIZATION_ID,
      token: secret,
      appId: env.SHOPIFY_APP_ID,
      appHandle: env.SHOPIFY_APP_HANDLE,
    }),
    shopId: shop.catalogue.shop.id,
    shopDomain: shop.domain,
    strangerId: 'gid://shopify/Shop/404',
    secret,
    sell(subscription) {
      shop.subscription = subscription
        ? {
            handle: subscription.items[0] as string,
            name: 'A plan',
            amount: '19.00',
            currency: 'USD',
            billingPeriod: subscription.period === 'year' ? 'ANNUAL' : 'EVERY_30_DAYS',
            trialEndsAt: subscription.trialEndsAt?.toISOString() ?? null,
            cancelAtEndOfCycle: subscription.endsWithPeriod,
            cycleEndsAt: subscription.periodEndsAt?.toISOString() ?? null,
            pendingHandle: subscription.nextItems?.[0] ?? null,
          }
        : null;
    },
    fail: (how, times = 1) => failures[how](times),
    asked: () => requests.filter(({ domain }) => domain === 'partners.shopify.com').length,
    stop: shopify.stop,
  };
}

paymentsContract('Shopify App Pricing', start);

describe('Shopify App Pricing', () => {
  it('says what to check where the token or the organization is wrong', async () => {
    const bed = await start();
    const signal = new AbortController().signal;
    const of = (change: object) =>
      shopifyPricing({ organizationId: '1234', token: 'wrong', appId: '555', appHandle: 'confab', ...change })
        .subscription(bed.shopId, signal)
        .catch((error: Error) => error.message);
    expect(await of({})).toContain('SHOPIFY_PARTNER_TOKEN');
    expect(await of({ token: bed.secret, organizationId: '4321' })).toContain('SHOPIFY_PARTNER_ORGANIZATION_ID');
    await bed.stop();
  });

  it('shows its plans inside the admin of the shop', async () => {
    const bed = await start();
    expect(bed.payments.plansUrl(bed.shopDomain)).toBe(
      'https://admin.shopify.com/store/cosy-wool/charges/confab/pricing_plans',
    );
    await bed.stop();
  });
});
