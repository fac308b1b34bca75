import { randomUUID } from 'node:crypto';
import type { BillingRecordPage, BillingRedirect, BillingResponse, ChangePreview } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { mailsTo, signIn, signUp, type User } from '../../../../e2e/console.ts';
import {
  DECLINED,
  type FakeStripe,
  MASTERCARD,
  PAYER,
  STRIPE_WEBHOOK_SECRET,
  startFakeStripe,
  VISA,
} from '../../../../e2e/fakes/stripe.ts';
import { startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;
const never = new AbortController().signal;

describe('what accounts pay for', () => {
  let relay: TestRelay;
  let stripe: FakeStripe;
  let clock = () => new Date();
  beforeAll(async () => {
    stripe = await startFakeStripe({ now: () => clock() });
    relay = await startTestRelay({ env: { ...stripe.env, CONFAB_RATE_LIMIT: 'off' } });
    clock = relay.clock.now;
    stripe.tells(relay.url);
  });
  afterEach(async () => {
    stripe.recover();
    stripe.tells(relay.url);
    await stripe.settled();
    expect(stripe.wrong).toEqual([]);
  });
  afterAll(async () => {
    await relay?.stop();
    await stripe?.close();
  });

  let ahead = 0;
  const pass = (ms: number) => {
    ahead += ms;
    relay.clock.setAhead(ahead);
  };
  async function owner() {
    stripe.tells(relay.url);
    let user = await signUp(relay);
    const accountId = (await user.me()).accounts[0]?.accountId as string;
    const path = `/v1/accounts/${accountId}/billing`;
    /** Time passes; a session that nobody uses ends meanwhile. */
    const wait = async (ms: number) => {
      pass(ms);
      user = await signIn(relay, user);
    };
    const list = (query: string) => user.request<BillingRecordPage>('GET', `${path}/records?${query}`);
    const look = async () => (await user.request<BillingResponse>('GET', path)).body;
    const post = <Body>(what: string, body?: object, by: Pick<User, 'request'> = user) =>
      by.request<Body>('POST', `${path}/${what}`, body);
    const planOf = async () => (await relay.db.account.findUnique({ where: { id: accountId } }))?.plan ?? null;
    return { user, accountId, path, look, list, post, planOf, wait };
  }
  type Owner = Awaited<ReturnType<typeof owner>>;
  const starter = { plan: 'starter', interval: 'month' };
  const growth = { plan: 'growth', interval: 'month' };

  const pay = async ({ post }: Owner, choice = starter, card = VISA) =>
    stripe.press((await post<BillingRedirect>('checkout', choice)).body.url, 'pay', card);
  const becomes = ({ look }: Owner, standing: object) =>
    vi.waitFor(async () => expect(await look()).toMatchObject(standing), { timeout: 8_000, interval: 50 });
  /** An account with a plan that is paid for, and what Stripe has of it. */
  async function payer(choice = starter, card = VISA) {
    const its = await owner();
    await pay(its, choice, card);
    await becomes(its, { plan: { handle: choice.plan } });
    const customer = stripe.customerOf(its.accountId);
    const [subscription] = stripe.liveOf(customer.id);
    return { ...its, customerId: customer.id as string, subscriptionId: subscription.id as string };
  }
  const mailsOf = async ({ user }: Owner, subject: RegExp) =>
    (await mailsTo(relay, user.email)).filter(mail => subject.test(mail.subject));
  const eventsOf = async (customerId: string) =>
    (await relay.rows('StripeEvent')).filter(row => row.customerId === customerId);
  const billing = () => relay.services.billing;
  const sweep = () => billing().sweep(customerId => billing().look(customerId));

  it('are a free plan at first, and plans with the prices of Stripe', async () => {
    const { look } = await owner();
    expect(await look()).toMatchObject({
      mode: 'stripe',
      plan: { handle: 'free' },
      subscription: null,
      plans: [
        { handle: 'free', prices: { month: null, year: null } },
        { handle: 'starter', prices: { month: { amount: 1_900, currency: 'eur' }, year: { amount: 19_000 } } },
        { handle: 'growth', prices: { month: { amount: 7_900 }, year: { amount: 79_000 } } },
      ],
    });
  });

  it('are compared with Stripe every night, which finds what no event told, and counts it', async () => {
    const [its, other] = [await payer(), await payer()];
    const metric = async () =>
      Number(/^confab_billing_differences (\d+)/m.exec(await (await fetch(`${relay.url}/metrics`)).text())?.[1]);
    await its.wait(26 * HOUR_MS);
    await billing().reconcile(never);
    await its.wait(26 * HOUR_MS);
    expect(await metric()).toBe(0);
    stripe.tells(undefined);
    stripe.end(its.subscriptionId);
    const from = relay.logLines.length;
    await billing().reconcile(never);
    expect((await its.look()).plan?.handle).toBe('free');
    expect(await other.planOf()).toBe('starter');
    expect(await metric()).toBe(1);
    const told = relay.logLines.slice(from).join('');
    expect(told).toContain(its.accountId);
    for (const word of [its.customerId, its.user.email, 'visa']) expect(told).not.toContain(word);
    await billing().reconcile(never);
    expect(await metric()).toBe(1);
  }, 20_000);

  it('are tried, changed, cancelled, kept and ended, and bought again without a second trial', async () => {
    const its = await owner();
    const { accountId, look, list, post } = its;
    const { url } = (await post<BillingRedirect>('checkout', starter)).body;
    expect((await post<BillingRedirect>('checkout', starter)).body.url).toBe(url);
    const asked = stripe.requests.findLast(each => each.method === 'POST' && each.path === '/v1/checkout/sessions');
    expect(asked?.params).toMatchObject({
      mode: 'subscription',
      client_reference_id: accountId,
      subscription_data: { trial_period_days: '14' },
      tax_id_collection: { enabled: 'true' },
      automatic_tax: { enabled: 'false' },
      success_url: `${relay.url}/console/account/billing?account=${accountId}&checkout=done`,
    });
    expect(await stripe.press(url, 'pay')).toContain('checkout=done');
    await becomes(its, { plan: { handle: 'starter' }, subscription: { status: 'trialing' } });
    const trial = await look();
    expect(trial.subscription).toMatchObject({
      plan: 'starter',
      interval: 'month',
      card: { brand: 'visa', last4: '4242' },
    });
    const trialEndsAt = trial.subscription?.trialEndsAt as string;
    expect((Date.parse(trialEndsAt) - +relay.clock.now()) / DAY_MS).toBeCloseTo(14, 1);
    expect(trial.notices).toContainEqual({ kind: 'trial_ends', limit: null, until: trialEndsAt });
    expect(await post('checkout', growth)).toMatchObject({ status: 409, body: { code: 'billing_changed' } });

    const { customer, id } = stripe.liveOf(stripe.customerOf(accountId).id)[0];
    await its.wait(14 * DAY_MS);
    stripe.renew(id);
    await becomes(its, { subscription: { status: 'active', trialEndsAt: null } });

    await its.wait(10 * DAY_MS);
    const preview = (await post<ChangePreview>('preview', growth)).body;
    expect(preview.nextInvoice).toEqual({ amount: 7_900, currency: 'eur' });
    expect(preview.dueNow.amount).toBeGreaterThan(3_000);
    expect((await look()).plan?.handle).toBe('starter');
    const change = { ...growth, prorationAt: preview.prorationAt };
    const [one, same] = await Promise.all([post<BillingResponse>('change', change), post('change', change)]);
    expect([one.status, same.status]).toEqual([200, 200]);
    expect(one.body).toMatchObject({ plan: { handle: 'growth' }, subscription: { plan: 'growth' } });
    const records = await list('limit=2');
    expect(records.body.items.map(({ total }) => total.amount)).toEqual([preview.dueNow.amount, 1_900]);
    const rest = await list(`cursor=${records.body.nextCursor}`);
    expect(rest.body).toMatchObject({ items: [{ total: { amount: 0 }, status: 'paid' }], nextCursor: null });
    const stale = { ...starter, prorationAt: new Date(+relay.clock.now() - 2 * HOUR_MS).toISOString() };
    expect(await post('change', stale)).toMatchObject({ status: 409, body: { code: 'billing_changed' } });

    const ending = (await post<BillingResponse>('cancel')).body;
    expect(ending).toMatchObject({ plan: { handle: 'growth' }, notices: [{ kind: 'plan_ends' }] });
    expect(ending.subscription?.endsAt).toBe(ending.subscription?.periodEnd);
    expect((await post<BillingResponse>('resume')).body.subscription?.endsAt).toBeNull();
    await post('cancel');
    stripe.renew(id);
    await becomes(its, {
      plan: { handle: 'free' },
      subscription: { status: 'canceled' },
      notices: [{ kind: 'no_plan' }],
    });
    expect(await post('cancel')).toMatchObject({ status: 409 });

    await pay(its, starter);
    await becomes(its, { plan: { handle: 'starter' }, subscription: { status: 'active' } });
    expect(stripe.liveOf(customer)).toHaveLength(1);
  }, 20_000);

  it('have one customer at Stripe and one open page, also when two owners press at once', async () => {
    const its = await owner();
    const second = await signUp(relay);
    const grant = { role: 'owner', allSites: true, siteIds: [], createdAt: new Date() };
    await relay.db.member.create({ data: { accountId: its.accountId, userId: (await second.me()).user.id, ...grant } });
    const answers = await Promise.all(
      [its.user, second, its.user, second].map(by => its.post<BillingRedirect>('checkout', starter, by)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.url)).size).toBe(1);
    const ofAccount = [...stripe.kept.customers.values()].filter(({ metadata }) => metadata.account === its.accountId);
    expect(ofAccount).toHaveLength(1);
    await Promise.all([its.post('checkout', growth), its.post('checkout', starter, second)]);
    const open = [...stripe.kept.sessions.values()].filter(
      ({ customer, status }) => customer === ofAccount[0]?.id && status === 'open',
    );
    expect(open).toHaveLength(1);
  });

  it('end as Stripe says, whichever order its events come in, how often, and at once', async () => {
    const its = await owner();
    stripe.tells(undefined);
    const from = stripe.events.length;
    await pay(its);
    const customer = stripe.customerOf(its.accountId);
    const { id } = stripe.liveOf(customer.id)[0];
    stripe.setPrice(id, 'confab_growth_month');
    stripe.setStatus(id, 'active');
    stripe.tells(relay.url);
    const events = stripe.events.slice(from).reverse();
    const statuses = await Promise.all([...events, ...events, ...events].map(event => stripe.send(event)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await becomes(its, { plan: { handle: 'growth' }, subscription: { status: 'active' } });
    await vi.waitFor(async () => {
      const rows = await eventsOf(customer.id);
      expect(rows.map(row => row.id).sort()).toEqual(events.map(event => event.id).sort());
      expect(rows.every(({ processedAt }) => processedAt !== null)).toBe(true);
    });
    expect(Object.keys((await eventsOf(customer.id))[0]).sort()).toEqual(
      ['createdAt', 'customerId', 'id', 'processedAt', 'receivedAt', 'type'].sort(),
    );
  });

  it('are no matter of events of somebody else’s customers', async () => {
    const asked = stripe.requests.length;
    const event = {
      id: `evt_${randomUUID()}`,
      type: 'invoice.paid',
      created: 1,
      data: { object: { customer: 'cus_else' } },
    };
    expect(await stripe.send(event)).toBe(200);
    await vi.waitFor(async () =>
      expect(await eventsOf('cus_else')).toMatchObject([{ processedAt: expect.any(String) }]),
    );
    expect(stripe.requests.length).toBe(asked);
    const unowned = { ...event, id: `evt_${randomUUID()}`, data: { object: { id: 'price_1', object: 'price' } } };
    expect(await stripe.send(unowned)).toBe(200);
    expect((await relay.rows('StripeEvent')).find(row => row.id === unowned.id)).toMatchObject({ customerId: null });
  });

  it('are told by nobody but Stripe: what is forged, changed or old is refused and kept nowhere', async () => {
    const event = {
      id: `evt_${randomUUID()}`,
      type: 'invoice.paid',
      created: 1,
      data: { object: { customer: 'cus_x' } },
    };
    const seconds = Math.floor(+relay.clock.now() / 1_000);
    const to = `${relay.url}/stripe/events`;
    const answers = await Promise.all([
      stripe.send(event, { secret: 'whsec_of_somebody_else' }),
      stripe.send(event, { at: seconds - 301 }),
      fetch(to, { method: 'POST', body: JSON.stringify(event) }).then(({ status }) => status),
      fetch(to, { method: 'POST', body: '', headers: { 'Stripe-Signature': `t=${seconds},v1=00` } }).then(
        ({ status }) => status,
      ),
    ]);
    expect(answers).toEqual([401, 401, 401, 401]);
    expect((await relay.rows('StripeEvent')).some(row => row.id === event.id)).toBe(false);
    expect(relay.logLines.join('')).not.toContain(STRIPE_WEBHOOK_SECRET);
  });

  it('are not set back by an answer of Stripe that was on its way for long', async () => {
    const its = await payer();
    const held = stripe.hold(/GET \/v1\/subscriptions$/);
    stripe.tells(undefined);
    const late = billing().look(its.customerId);
    await held.reached;
    stripe.setPrice(its.subscriptionId, 'confab_growth_month');
    await billing().look(its.customerId);
    expect((await its.look()).plan?.handle).toBe('growth');
    held.release();
    await late;
    expect((await its.look()).plan?.handle).toBe('growth');
  });

  it('lose no event while Stripe cannot be asked', async () => {
    const its = await payer();
    stripe.fail('unauthorized', { times: 50, match: /customers/ });
    stripe.setPrice(its.subscriptionId, 'confab_growth_month');
    await stripe.settled();
    const waiting = async () => (await eventsOf(its.customerId)).filter(({ processedAt }) => processedAt === null);
    await vi.waitFor(async () => expect(await waiting()).not.toEqual([]));
    expect((await its.look()).plan?.handle).toBe('starter');
    await its.wait(6 * 60 * 1_000);
    const metrics = await (await fetch(`${relay.url}/metrics`)).text();
    expect(Number(/^confab_billing_event_age_seconds (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(300);
    stripe.recover();
    await sweep();
    expect((await its.look()).plan?.handle).toBe('growth');
    expect(await waiting()).toEqual([]);
  });

  it('stay for 14 days while a payment fails, which owners are told of once, and come back when it is settled', async () => {
    const its = await payer();
    await its.wait(14 * DAY_MS);
    stripe.setCard(its.customerId, DECLINED);
    stripe.renew(its.subscriptionId);
    await becomes(its, { plan: { handle: 'starter' }, subscription: { status: 'past_due', card: { last4: '0341' } } });
    const { subscription, notices } = await its.look();
    const until = subscription?.graceUntil as string;
    expect(notices[0]).toEqual({ kind: 'payment_failed', limit: null, until });
    expect((Date.parse(until) - +relay.clock.now()) / DAY_MS).toBeCloseTo(14, 1);
    stripe.setStatus(its.subscriptionId, 'past_due');
    await stripe.settled();
    expect(await its.post('preview', growth)).toMatchObject({ status: 409 });
    await vi.waitFor(async () => expect(await mailsOf(its, /did not go through/)).toHaveLength(1), { timeout: 8_000 });

    await its.wait(14 * DAY_MS + 1_000);
    await sweep();
    expect(await its.planOf()).toBeNull();
    expect(await its.look()).toMatchObject({ plan: { handle: 'free' }, notices: [{ kind: 'no_plan' }] });
    stripe.setCard(its.customerId, MASTERCARD);
    stripe.settle(its.subscriptionId);
    await becomes(its, {
      plan: { handle: 'starter' },
      subscription: { status: 'active', card: { brand: 'mastercard' } },
    });
    stripe.giveUp(its.subscriptionId, 'unpaid');
    await becomes(its, { plan: { handle: 'free' }, subscription: { status: 'unpaid' } });
    expect(await mailsOf(its, /did not go through/)).toHaveLength(1);
  });

  it('do not change where the card is declined, and the owner reads what to do', async () => {
    const its = await payer();
    await its.wait(14 * DAY_MS);
    stripe.renew(its.subscriptionId);
    await becomes(its, { subscription: { status: 'active' } });
    stripe.setCard(its.customerId, DECLINED);
    const { prorationAt } = (await its.post<ChangePreview>('preview', growth)).body;
    const refused = await its.post('change', { ...growth, prorationAt });
    expect(refused).toMatchObject({
      status: 402,
      body: { code: 'payment_declined', detail: /card could not be charged/ },
    });
    expect((await its.look()).plan?.handle).toBe('starter');
  });

  it('have owners told once, three days before a trial ends, and when a plan is to end', async () => {
    const its = await payer();
    await its.wait(11 * DAY_MS);
    stripe.trialWillEnd(its.subscriptionId);
    stripe.trialWillEnd(its.subscriptionId);
    await vi.waitFor(async () => expect(await mailsOf(its, /trial .* ends on/)).toHaveLength(1), { timeout: 8_000 });
    const { url } = (await its.post<BillingRedirect>('portal')).body;
    expect(await stripe.press(url, 'cancel')).toContain('/console/account/billing');
    await vi.waitFor(async () => expect(await mailsOf(its, /plan .* ends on/)).toHaveLength(1), { timeout: 8_000 });
    await stripe.settled();
    expect(await mailsOf(its, /trial .* ends on/)).toHaveLength(1);
  });

  it('are the plan that was bought, also when its price is another one by now', async () => {
    const its = await owner();
    stripe.tells(undefined);
    await pay(its);
    stripe.addPrice({
      lookup_key: 'confab_starter_month',
      product: 'prod_starter',
      interval: 'month',
      unit_amount: 2_500,
    });
    await its.wait(11 * 60 * 1_000);
    await billing().look(stripe.customerOf(its.accountId).id);
    expect(await its.look()).toMatchObject({
      plan: { handle: 'starter' },
      plans: [{}, { prices: { month: { amount: 2_500 } } }, {}],
    });
  });

  it('are kept without anything of whoever pays but the brand and the last four digits of the card', async () => {
    const its = await payer();
    await its.post('portal');
    const rows = Object.entries(await relay.dump()).flatMap(([table, all]) => all.map(row => `${table} ${row}`));
    // The year alone stands in many an id.
    const { expYear: _, ...words } = PAYER;
    for (const secret of [...Object.values(words), VISA.number, 'exp_year', 'fingerprint']) {
      expect([secret, rows.filter(row => row.includes(secret))]).toEqual([secret, []]);
    }
    for (const secret of [PAYER.name, PAYER.email, VISA.number]) expect(relay.logLines.join('')).not.toContain(secret);
    expect(rows.some(row => row.includes('"cardLast4":"4242"'))).toBe(true);
  });

  it('are an owner’s to decide, and a reader’s to see', async () => {
    const its = await payer();
    const guest = await signUp(relay);
    for (const what of ['checkout', 'portal', 'preview', 'change', 'cancel', 'resume']) {
      expect((await its.post(what, starter, guest)).status).toBe(404);
    }
    const grant = { role: 'manager', allSites: true, siteIds: [], createdAt: new Date() };
    await relay.db.member.create({ data: { accountId: its.accountId, userId: (await guest.me()).user.id, ...grant } });
    for (const what of ['checkout', 'portal', 'preview', 'change', 'cancel', 'resume']) {
      expect(await its.post(what, starter, guest)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect((await guest.request('GET', `${its.path}/records`)).status).toBe(403);
    expect((await guest.request('GET', its.path)).status).toBe(200);
    expect(await its.post('checkout', { plan: 'gold', interval: 'month' })).toMatchObject({ status: 400 });
  });

  it('are shown while Stripe is away, and nothing is half done', async () => {
    const its = await payer();
    await its.wait(11 * 60 * 1_000);
    stripe.fail('down', { times: 100 });
    expect(await its.look()).toMatchObject({ plan: { handle: 'starter' }, subscription: { status: 'trialing' } });
    const answer = await its.post('portal');
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(answer.headers.get('Retry-After')).toBe('30');
  }, 20_000);

  it('end with the account: at Stripe too, however often it must be asked; what was billed stays for seven years', async () => {
    const its = await payer();
    stripe.tells(undefined);
    await relay.db.account.update({ where: { id: its.accountId }, data: { deleteAt: new Date(Date.now() - DAY_MS) } });
    const carryOut = () => relay.services.deletion.carryOut(its.accountId, never);
    stripe.fail('busy_for_long', { times: 50, match: /^DELETE/ });
    await expect(carryOut()).rejects.toThrow();
    expect(await relay.db.account.count({ where: { id: its.accountId } })).toBe(1);
    stripe.recover();
    await carryOut();
    expect(await relay.db.account.count({ where: { id: its.accountId } })).toBe(0);
    expect(stripe.liveOf(its.customerId)).toEqual([]);
    expect(stripe.kept.customers.get(its.customerId)).toMatchObject({ deleted: true });
    const records = async () => (await relay.rows('BillingRecord')).filter(row => row.accountId === its.accountId);
    expect(await records()).toHaveLength(1);
    expect((await relay.rows('Subscription')).some(row => row.accountId === its.accountId)).toBe(false);

    await billing().forget();
    expect(await records()).toHaveLength(1);
    pass(7 * 366 * DAY_MS);
    await billing().forget();
    expect(await records()).toEqual([]);
    expect(await relay.rows('StripeEvent')).toEqual([]);
  });
});
