import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { type FakeStripe, PAYER, STRIPE_KEY, startFakeStripe, VISA } from '../../../../e2e/fakes/stripe.ts';
import type { Cashier, Price } from './cashier.ts';
import { stripeCashier } from './stripe.ts';

const account = 'd2c5d0b4-0000-7000-8000-000000000001';
const urls = { successUrl: 'https://relay.example/done', cancelUrl: 'https://relay.example/back' };

describe('Stripe, as a cashier,', () => {
  let stripe: FakeStripe;
  let cashier: Cashier;
  let prices: Price[];
  const keys = ['confab_starter_month', 'confab_starter_year', 'confab_growth_month'];
  const priceOf = (key: string) => prices.find(({ lookupKey }) => lookupKey === key) as Price;
  beforeAll(async () => {
    stripe = await startFakeStripe();
    cashier = stripeCashier({ secretKey: STRIPE_KEY, webhookSecrets: ['whsec_test_secret'], baseUrl: stripe.url });
    prices = await cashier.prices(keys);
  });
  afterEach(() => {
    stripe.recover();
    expect(stripe.wrong).toEqual([]);
  });
  afterAll(() => stripe.close());

  const newCustomer = () => cashier.createCustomer(crypto.randomUUID(), null);
  const checkout = (customerId: string, key = 'confab_starter_month', trialDays: number | null = null) =>
    cashier.checkout({ customerId, accountId: account, price: priceOf(key), trialDays, ...urls });
  const subscribed = async () => {
    const customerId = await newCustomer();
    await stripe.press(await checkout(customerId), 'pay');
    const [subscription] = (await cashier.subscriptionsOf(customerId)) ?? [];
    if (!subscription) throw new Error('nothing was bought');
    return { customerId, subscription };
  };
  const faultOf = (work: Promise<unknown>) =>
    work.then(
      () => expect.unreachable(),
      (error: unknown) => error,
    );

  it('knows the prices that are there, and misses no other', async () => {
    expect(prices.map(({ lookupKey }) => lookupKey).sort()).toEqual([...keys].sort());
    expect(priceOf('confab_starter_year')).toMatchObject({ interval: 'year', amount: 19_000, currency: 'eur' });
    expect(await cashier.prices(['confab_gold_month'])).toEqual([]);
  });

  it('makes one customer of an account, however often and at once it is asked, and tells nothing of them', async () => {
    const before = stripe.kept.customers.size;
    const ids = await Promise.all([1, 2, 3].map(() => cashier.createCustomer(account, null)));
    expect(new Set(ids).size).toBe(1);
    expect(stripe.kept.customers.size).toBe(before + 1);
    expect(stripe.requests.findLast(({ path }) => path === '/v1/customers')?.params).toEqual({ metadata: { account } });
    expect(await cashier.createCustomer(account, ids[0] as string)).not.toBe(ids[0]);
  });

  it('has one page open at a time, for the latest choice', async () => {
    const customerId = await newCustomer();
    const [first, same] = await Promise.all([checkout(customerId), checkout(customerId)]);
    expect(same).toBe(first);
    expect(await checkout(customerId)).toBe(first);
    const other = await checkout(customerId, 'confab_growth_month');
    expect(other).not.toBe(first);
    await expect(stripe.press(first, 'pay')).rejects.toThrow('expired');
    const both = await Promise.all([checkout(customerId), checkout(customerId, 'confab_growth_month')]);
    const open = [...stripe.kept.sessions.values()].filter(
      each => each.customer === customerId && each.status === 'open',
    );
    expect(open).toHaveLength(1);
    expect(both).toContain(open[0]?.url);
  });

  it('reads what a customer has: of a card its brand and last four digits, and nothing else of whoever pays', async () => {
    const { customerId, subscription } = await subscribed();
    expect(subscription).toMatchObject({ status: 'active', card: { brand: 'visa', last4: '4242' }, endsAt: null });
    const invoices = await cashier.invoicesOf(customerId);
    expect(invoices).toMatchObject([{ total: 1_900, status: 'paid', currency: 'eur' }]);
    const read = JSON.stringify([subscription, invoices]);
    for (const secret of [PAYER.name, PAYER.email, PAYER.line1, PAYER.fingerprint, VISA.number, 'exp_year']) {
      expect(read).not.toContain(secret);
    }
  });

  it('reads every page of a list', async () => {
    const { customerId, subscription } = await subscribed();
    for (let nth = 0; nth < 230; nth += 1) {
      const id = `in_${nth}`;
      stripe.kept.invoices.set(id, {
        id,
        customer: customerId,
        total: nth,
        currency: 'eur',
        created: 1,
        status: 'paid',
      });
    }
    stripe.kept.invoices.set('in_draft', { ...stripe.kept.invoices.get('in_1'), id: 'in_draft', status: 'draft' });
    const found = await cashier.invoicesOf(customerId);
    expect(new Set(found.map(({ id }) => id)).size).toBe(231);
    expect(found.some(({ id }) => id === 'in_draft')).toBe(false);
    expect(subscription.status).toBe('active');
  });

  it('counts what a change costs, and charges that, once', async () => {
    const { customerId, subscription } = await subscribed();
    const at = new Date(+subscription.periodStart + (+subscription.periodEnd - +subscription.periodStart) / 2);
    const change = { subscription, price: priceOf('confab_growth_month'), at };
    const cost = await cashier.costOf(customerId, change);
    expect(cost).toEqual({ dueNow: 3_000, nextInvoice: 7_900, nextInvoiceAt: subscription.periodEnd, currency: 'eur' });
    await Promise.all([cashier.change(change), cashier.change(change)]);
    const invoices = await cashier.invoicesOf(customerId);
    expect(invoices.map(({ total }) => total).sort()).toEqual([1_900, 3_000].sort());
  });

  it('counts a new period from now on where the interval changes, and uses up what is owed to the customer', async () => {
    const { customerId, subscription } = await subscribed();
    const at = subscription.periodStart;
    const change = { subscription, price: priceOf('confab_starter_year'), at };
    const nextInvoiceAt = new Date(at);
    nextInvoiceAt.setUTCFullYear(at.getUTCFullYear() + 1);
    const cost = { dueNow: 19_000 - 1_900, nextInvoice: 19_000, nextInvoiceAt, currency: 'eur' };
    expect(await cashier.costOf(customerId, change)).toEqual(cost);
    stripe.kept.customers.get(customerId).balance = -100;
    expect(await cashier.costOf(customerId, change)).toEqual({ ...cost, dueNow: 17_000 });
  });

  it('says that a customer is gone, and ends what they pay for before that', async () => {
    const { customerId } = await subscribed();
    await cashier.removeCustomer(customerId);
    expect(stripe.liveOf(customerId)).toEqual([]);
    expect(await cashier.subscriptionsOf(customerId)).toBeUndefined();
    expect(await cashier.subscriptionsOf('cus_of_nobody')).toBeUndefined();
    await cashier.removeCustomer(customerId);
  });

  it.each(['down', 'busy', 'cut', 'applied_then_cut', 'html'] as const)(
    'asks again where Stripe is %s for a moment, and does nothing twice',
    async fault => {
      const before = stripe.kept.customers.size;
      stripe.fail(fault);
      await newCustomer();
      expect(stripe.kept.customers.size).toBe(before + 1);
    },
  );

  it.each([
    ['down', 'unavailable'],
    ['busy_for_long', 'unavailable'],
    ['unauthorized', 'refused'],
  ] as const)('gives up where it stays %s, as %s, in words of its own', async (fault, kind) => {
    stripe.fail(fault, { times: 5 });
    const found = await faultOf(cashier.prices(keys));
    expect(found).toMatchObject({ name: 'CashierFault', kind });
    expect(String((found as Error).message)).toMatch(/^Stripe /);
    expect(JSON.stringify([found, (found as Error).message, (found as Error).cause])).not.toContain(STRIPE_KEY);
  });

  const vectors = sharedData('own/protocol/webhook_signatures.json');
  describe.skipIf(!vectors)('reads events by the vectors of its signature', () => {
    const { body, timestamp, stripe: given } = vectors ?? { stripe: { valid: [], invalid: [] } };
    const at = new Date(timestamp * 1_000);
    const readBy = (header: string, { raw = body, now = at, secrets = [given.secret] } = {}) =>
      stripeCashier({ secretKey: STRIPE_KEY, webhookSecrets: secrets, baseUrl: 'http://x' }).readEvent(
        Buffer.from(raw),
        header,
        now,
      );

    it.each(given.valid as string[])('takes %s', header => {
      expect(readBy(header)).toMatchObject({ id: 'evt_1', type: 'invoice.paid', customerId: 'cus_1' });
      expect(readBy(header, { secrets: ['whsec_another_one', given.secret] })).toBeDefined();
    });
    it.each(given.invalid as [string, string][])('refuses: %s', (_, header) => {
      expect(readBy(header)).toBeUndefined();
    });
    it('refuses what is old, what was signed by another secret, and a body that was written anew', () => {
      const [header] = given.valid;
      expect(readBy(header, { now: new Date(+at + 299_000) })).toBeDefined();
      expect(readBy(header, { now: new Date(+at + 301_000) })).toBeUndefined();
      expect(readBy(header, { secrets: ['whsec_another_one'] })).toBeUndefined();
      expect(readBy(header, { raw: JSON.stringify(JSON.parse(body), null, 1) })).toBeUndefined();
    });
  });
});
