import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeShop, Subscription } from '../../../../../e2e/fakes/shopify/index.ts';
import { oneDatabase } from '../../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../../e2e/shopify.ts';
import { problemsOf } from '../../../../../e2e/shopify-markup.ts';
import { SHOPIFY_PLANS } from '../jobs.ts';

const starter: Subscription = {
  handle: 'starter',
  name: 'Starter',
  amount: '19.00',
  currency: 'USD',
  billingPeriod: 'EVERY_30_DAYS',
  trialEndsAt: null,
  cancelAtEndOfCycle: false,
  cycleEndsAt: '2026-12-20T10:00:00Z',
  pendingHandle: null,
};

describe.each(oneDatabase)('the plan of a Shopify shop, on %s,', database => {
  let bed: ShopifyRelay;
  let shop: FakeShop;
  let siteId: string;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
  });
  beforeEach(async () => {
    shop = bed.shopify.shop();
    await install();
    siteId = (await bed.relay.services.shopify?.shops.byDomain(shop.domain))?.siteId as string;
  });
  afterEach(() => bed.jobsDone({ hurry: true }));
  afterAll(() => bed.stop());

  async function install() {
    expect((await shop.open(bed.relay.url)).status).toBe(200);
    await bed.jobsDone();
  }

  /** The merchant bought, changed or cancelled, and Shopify tells. */
  async function buy(subscription: Subscription | null) {
    shop.subscription = subscription;
    const payload = { app_subscription: { status: subscription ? 'ACTIVE' : 'CANCELLED' } };
    expect((await shop.webhook(bed.relay.url, 'app_subscriptions/update', payload)).status).toBe(200);
    await bed.jobsDone();
  }

  const site = async () => {
    const found = await bed.relay.services.sites.byId(siteId);
    if (!found) throw new Error('the site is gone');
    return found;
  };
  const plan = async () => (await site()).plan;
  const asked = () => bed.shopify.requests.filter(({ operationName }) => operationName === 'ActiveSubscription').length;

  async function planPage(): Promise<string> {
    const headers = { Authorization: `Bearer ${shop.idToken()}` };
    const response = await fetch(`${bed.relay.url}/shopify/app/plan`, { headers });
    expect(response.status).toBe(200);
    const page = await response.text();
    expect(problemsOf(page)).toEqual([]);
    return page;
  }

  it('is the free one where it pays nothing', async () => {
    expect(await plan()).toEqual({ handle: 'free', name: 'Free', answersPerMonth: 50 });
    const store = shop.domain.split('.')[0];
    const page = await planPage();
    expect(page).toContain(`https://admin.shopify.com/store/${store}/charges/confab/pricing_plans`);
    expect(page).toContain('You pay nothing.');
  });

  it('is what it buys, from Shopify’s notice on, and the free one again when it cancels', async () => {
    await buy(starter);
    expect(await plan()).toEqual({ handle: 'starter', name: 'Starter', answersPerMonth: 1_000 });
    await buy({ ...starter, handle: 'growth' });
    expect(await plan()).toMatchObject({ handle: 'growth', answersPerMonth: 10_000 });
    await buy(null);
    expect(await plan()).toMatchObject({ handle: 'free' });
  });

  it('is what it buys also without a notice: a merchant who comes back sees it, and each day finds it', async () => {
    shop.subscription = starter;
    expect(await planPage()).toContain('Starter');
    expect(await plan()).toMatchObject({ handle: 'starter' });
    shop.subscription = null;
    await bed.relay.services.jobs.enqueue(SHOPIFY_PLANS, {});
    await bed.jobsDone();
    expect(await plan()).toMatchObject({ handle: 'free' });
  });

  it('stays with a merchant who declines', async () => {
    await buy(starter);
    const payload = { app_subscription: { status: 'DECLINED' } };
    await shop.webhook(bed.relay.url, 'app_subscriptions/update', payload);
    await bed.jobsDone();
    expect(await plan()).toMatchObject({ handle: 'starter' });
  });

  it('is free after the app was removed and added again, until the merchant agrees once more', async () => {
    await buy(starter);
    shop.subscription = null;
    await shop.uninstall(bed.relay.url);
    await bed.jobsDone();
    await install();
    expect(await plan()).toMatchObject({ handle: 'free' });
    await buy(starter);
    expect(await plan()).toMatchObject({ handle: 'starter' });
  });

  it('is not asked for where the app was removed', async () => {
    await shop.uninstall(bed.relay.url);
    await bed.jobsDone();
    const before = asked();
    expect(await bed.relay.services.shopify?.billing.refresh(siteId, new AbortController().signal)).toBeUndefined();
    expect(asked()).toBe(before);
  });

  it('stays what it was where Shopify names one that this relay does not know, and the merchant reads why', async () => {
    await buy(starter);
    shop.subscription = { ...starter, handle: 'platinum' };
    const page = await planPage();
    expect(page).toContain('Confab does not understand what Shopify says of your plan');
    expect(page).not.toContain('Partner');
    expect(bed.relay.logLines.some(line => line.includes('“platinum”'))).toBe(true);
    expect(page).not.toContain('You pay nothing');
    expect(await plan()).toMatchObject({ handle: 'starter' });
  });

  it('stays what it was while Shopify does not answer, and the job that asks comes back without an alarm', async () => {
    await buy(starter);
    shop.subscription = null;
    bed.shopify.partnerFaults.fail(6, 503, { 'retry-after': '0' }, 'partner');
    expect(await planPage()).toContain('Open this page again in some minutes');
    await shop.webhook(bed.relay.url, 'app_subscriptions/update', {});
    await bed.jobsDone();
    expect(await plan()).toMatchObject({ handle: 'starter' });
    expect(bed.relay.logLines.some(line => line.includes('a job waits for somebody else'))).toBe(true);
    await bed.jobsDone({ hurry: true });
    expect(await plan()).toMatchObject({ handle: 'free' });
  });

  it('is free for a new shop while Shopify does not answer: nobody is unlimited by an outage', async () => {
    bed.shopify.partnerFaults.fail(3, 503, { 'retry-after': '0' }, 'partner');
    shop = bed.shopify.shop();
    await install();
    siteId = (await bed.relay.services.shopify?.shops.byDomain(shop.domain))?.siteId as string;
    expect(await plan()).toMatchObject({ handle: 'free' });
  });

  it('is of this shop and of no other', async () => {
    const other = bed.shopify.shop();
    await other.open(bed.relay.url);
    await buy(starter);
    const otherId = (await bed.relay.services.shopify?.shops.byDomain(other.domain))?.siteId as string;
    expect((await bed.relay.services.sites.byId(otherId))?.plan).toMatchObject({ handle: 'free' });
  });

  it('is told with its trial, its end and what comes after it', async () => {
    shop.subscription = { ...starter, trialEndsAt: '2026-12-06T10:00:00Z', cycleEndsAt: null };
    expect(await planPage()).toContain('Trial until Dec 6, 2026');
    expect(await planPage()).toContain('It costs nothing until Dec 6, 2026. From then on Shopify bills it');
    shop.subscription = { ...starter, cancelAtEndOfCycle: true };
    expect(await planPage()).toContain('It ends on Dec 20, 2026; from then on you have the Free plan.');
    shop.subscription = { ...starter, pendingHandle: 'growth' };
    expect(await planPage()).toContain('It becomes Growth on Dec 20, 2026.');
    shop.subscription = { ...starter, pendingHandle: 'platinum' };
    expect(await planPage()).toContain('It changes on Dec 20, 2026.');
    shop.subscription = starter;
    expect(await planPage()).toContain('It renews on Dec 20, 2026.');
  });

  it('says of a development store that nothing is charged', async () => {
    shop.subscription = starter;
    expect(await planPage()).not.toContain('Test: nothing is charged');
    shop.catalogue.shop.partnerDevelopment = true;
    expect(await planPage()).toContain('Test: nothing is charged');
  });

  it('says how much of it is used, and that the end comes near, before it does', async () => {
    const use = (answers: number) =>
      bed.relay.db.$executeRaw`
        INSERT INTO "Usage" ("siteId", "periodStart", "conversations", "modelAnswers")
        VALUES (${siteId}::uuid, date_trunc('month', now() AT TIME ZONE 'UTC')::date, 0, ${answers})
        ON CONFLICT ("siteId", "periodStart") DO UPDATE SET "modelAnswers" = ${answers}`;
    await use(39);
    expect(await planPage()).not.toContain('s-banner');
    await use(40);
    expect(await planPage()).toContain('10 answers are left');
    await use(49);
    expect(await planPage()).toContain('1 answer is left');
    await use(50);
    const page = await planPage();
    expect(page).toContain('The answers of this month are used up');
    expect(page).toContain('50 of 50 answers used');
  });

  it('names the limit that the owner has set where it is the narrower one', async () => {
    const { settings } = await site();
    await bed.relay.db.$executeRaw`
      UPDATE "Site" SET "settings" = ${JSON.stringify({ ...settings, limits: { answersPerMonth: 10 } })}::jsonb
      WHERE "id" = ${siteId}::uuid`;
    bed.relay.services.sites.forgetCached();
    const page = await planPage();
    expect(page).toContain('0 of 10 answers used');
    expect(page).toContain('the limit that you have set yourself');
  });

  it('leaves no token of the Partner API in the log', () => {
    const token = bed.shopify.env.SHOPIFY_PARTNER_TOKEN;
    expect(bed.relay.logLines.filter(line => line.includes(token))).toEqual([]);
  });
});

describe('a relay without access to the Partner API', () => {
  it('sells no plan, limits nobody by one, and says what is missing', async () => {
    const env = { SHOPIFY_PARTNER_ORGANIZATION_ID: '', SHOPIFY_PARTNER_TOKEN: '', SHOPIFY_APP_ID: '' };
    const bed = await startShopifyRelay({ env });
    const shop = bed.shopify.shop();
    await shop.open(bed.relay.url);
    await bed.jobsDone();
    const found = await bed.relay.services.shopify?.shops.byDomain(shop.domain);
    expect((await bed.relay.services.sites.byId(found?.siteId as string))?.plan).toBeNull();
    const headers = { Authorization: `Bearer ${shop.idToken()}` };
    const page = await (await fetch(`${bed.relay.url}/shopify/app/plan`, { headers })).text();
    expect(problemsOf(page)).toEqual([]);
    expect(page).toContain('SHOPIFY_PARTNER_ORGANIZATION_ID');
    expect(page).toContain('There is no limit.');
    expect(page).not.toContain('pricing_plans');
    await bed.stop();
  });
});
