import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { sharedData } from './shared-data.ts';
import { type Params, paramsIn, stripeJudge } from './stripe-schema.ts';

// biome-ignore lint/suspicious/noExplicitAny: Stripe's objects as they come, and tests look into them as they like
type Thing = any;

/** What Stripe may do in place of answering. `applied_then_cut`: it does what it was asked, and the line is cut before it says so. */
export type StripeFault = 'down' | 'busy' | 'busy_for_long' | 'cut' | 'applied_then_cut' | 'html' | 'unauthorized';

export type StripeCard = { brand: string; last4: string; number: string; declines?: boolean };
export type StripeEvent = { id: string; type: string; created: number; data: { object: Thing } };
export type StripeRequest = { method: string; path: string; params: Params; key: string | undefined };
export type FakeStripe = Awaited<ReturnType<typeof startFakeStripe>>;

export const STRIPE_KEY = 'sk_test_the_key_of_the_relay';
export const STRIPE_WEBHOOK_SECRET = 'whsec_the_secret_of_the_webhook';
export const STRIPE_VERSION = '2023-08-16';

export const VISA: StripeCard = { brand: 'visa', last4: '4242', number: '4242424242424242' };
export const MASTERCARD: StripeCard = { brand: 'mastercard', last4: '4444', number: '5555555555554444' };
export const DECLINED: StripeCard = { brand: 'visa', last4: '0341', number: '4000000000000341', declines: true };

/** What Stripe knows of whoever pays, and the relay must not. */
export const PAYER = {
  name: 'Jenny Rosenkranz',
  email: 'jenny.rosenkranz@payers.example',
  phone: '+15550555123',
  line1: '1717 Quimby Crescent',
  postalCode: '94117-1717',
  fingerprint: 'AOB934RVNwzk6xtn',
  expYear: 2037,
  taxId: 'DE717171717',
};

const DAY_S = 24 * 60 * 60;
const PRICES: [key: string, product: string, interval: string, amount: number][] = [
  ['confab_starter_month', 'prod_starter', 'month', 1_900],
  ['confab_starter_year', 'prod_starter', 'year', 19_000],
  ['confab_growth_month', 'prod_growth', 'month', 7_900],
  ['confab_growth_year', 'prod_growth', 'year', 79_000],
];
const OVER = ['canceled', 'incomplete_expired'];

class Refusal extends Error {
  readonly status: number;
  readonly error: object;

  constructor(status: number, error: { type?: string; code?: string; message: string }) {
    super(error.message);
    this.status = status;
    this.error = { type: 'invalid_request_error', ...error };
  }
}

/**
 * A stand-in for Stripe Billing: it takes a request only if it is as published, keeps what it was told, has pages on which
 * somebody pays, and tells by signed events what happens. What was not as published is in `wrong`, and was refused.
 * Nothing happens by itself: a test says when a period ends, and whether the card is good for it.
 */
export async function startFakeStripe({ now = () => new Date() }: { now?: () => Date } = {}) {
  const judge = stripeJudge();
  const samples = sharedData('fetched/protocol/stripe_sample_objects.json.gz')?.resources ?? {};
  const requests: StripeRequest[] = [];
  const wrong: string[] = [];
  const events: StripeEvent[] = [];
  const faults: { fault: StripeFault; match: RegExp }[] = [];
  const held: { match: RegExp; reached: () => void; until: Promise<void> }[] = [];
  const byKey = new Map<string, { print: string; answer: Promise<{ status: number; body: Thing }> }>();
  const kept = {
    prices: new Map<string, Thing>(),
    customers: new Map<string, Thing>(),
    methods: new Map<string, Thing>(),
    subscriptions: new Map<string, Thing>(),
    invoices: new Map<string, Thing>(),
    sessions: new Map<string, Thing>(),
    portals: new Map<string, Thing>(),
  };
  const sending = new Set<Promise<unknown>>();
  let webhook: string | undefined;
  let count = 0;

  const seconds = () => Math.floor(now().getTime() / 1_000);
  const newId = (prefix: string) => {
    count += 1;
    return `${prefix}_${String(count).padStart(6, '0')}${randomBytes(6).toString('hex')}`;
  };
  const sample = (name: string): Thing => structuredClone(samples[name] ?? {});
  const find = (map: Map<string, Thing>, id: string, what: string): Thing => {
    const found = map.get(id);
    if (!found || found.deleted) {
      throw new Refusal(404, { code: 'resource_missing', message: `No such ${what}: '${id}'` });
    }
    return found;
  };
  const newestFirst = (map: Map<string, Thing>) => [...map.values()].reverse();

  for (const [lookup_key, product, interval, unit_amount] of PRICES)
    addPrice({ lookup_key, product, interval, unit_amount });

  function addPrice({ lookup_key, product, interval, unit_amount }: Thing): Thing {
    const id = newId('price');
    for (const other of kept.prices.values()) if (other.lookup_key === lookup_key) other.lookup_key = null;
    const recurring = { interval, interval_count: 1, usage_type: 'licensed' };
    const more = { product, unit_amount, recurring, currency: 'eur', tax_behavior: 'unspecified', created: seconds() };
    const price = { ...sample('price'), id, object: 'price', active: true, lookup_key, ...more };
    kept.prices.set(id, price);
    return price;
  }

  /** Keeps that something happened, and tells the relay of it, if it listens. */
  function tell(type: string, object: Thing): StripeEvent {
    const event = {
      ...{ id: newId('evt'), object: 'event', api_version: STRIPE_VERSION, created: seconds(), type, livemode: false },
      data: { object: structuredClone(object) },
    };
    events.push(event);
    if (webhook) void send(event);
    return event;
  }

  function send(
    event: Thing,
    {
      at = seconds(),
      secret = STRIPE_WEBHOOK_SECRET,
      body = JSON.stringify(event, null, 2),
      to = webhook,
    }: SendHow = {},
  ): Promise<number> {
    const digest = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    const sent = fetch(to as string, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Stripe-Signature': `t=${at},v1=${digest}` },
      body,
    })
      .then(async reply => {
        await reply.text();
        return reply.status;
      })
      .catch(() => 0);
    sending.add(sent);
    return sent.finally(() => sending.delete(sent));
  }

  function addMethod(customer: string, card: StripeCard): Thing {
    const { name, email, phone, line1, postalCode, fingerprint, expYear } = PAYER;
    const { brand, last4, number, declines = false } = card;
    const method = {
      ...sample('payment_method'),
      ...{ id: newId('pm'), object: 'payment_method', type: 'card', customer, declines },
      billing_details: { name, email, phone, address: { line1, postal_code: postalCode, country: 'DE' } },
      // Stripe shows the number to nobody; a stand-in that did would be found out.
      card: { brand, last4, number, fingerprint, exp_month: 8, exp_year: expYear, funding: 'credit' },
    };
    kept.methods.set(method.id, method);
    return method;
  }

  function methodOf(subscription: Thing): Thing {
    const usual = kept.customers.get(subscription.customer)?.invoice_settings?.default_payment_method;
    return kept.methods.get(subscription.default_payment_method ?? usual);
  }

  /** Bills the customer; `paid` says whether the money came. */
  function bill(subscription: Thing, total: number, reason: string, { paid }: { paid: boolean }): Thing {
    const id = newId('in');
    const { name, email, line1 } = PAYER;
    const invoice = {
      ...sample('invoice'),
      ...{ id, object: 'invoice', customer: subscription.customer, subscription: subscription.id, currency: 'eur' },
      ...{ number: `CONFAB-${String(kept.invoices.size + 1).padStart(4, '0')}`, total, amount_due: total },
      ...{ status: paid ? 'paid' : 'open', billing_reason: reason, created: seconds() },
      ...{ customer_name: name, customer_email: email, customer_address: { line1 } },
    };
    kept.invoices.set(id, invoice);
    subscription.latest_invoice = id;
    tell(paid ? 'invoice.paid' : 'invoice.payment_failed', invoice);
    return invoice;
  }

  function addSubscription(
    customer: string,
    priceId: string,
    { trialDays, card }: { trialDays?: number; card: StripeCard },
  ) {
    const price = find(kept.prices, priceId, 'price');
    const method = addMethod(customer, card);
    const start = seconds();
    const trialEnd = trialDays ? start + trialDays * DAY_S : null;
    const subscription = {
      ...sample('subscription'),
      ...{ id: newId('sub'), object: 'subscription', customer, currency: 'eur', created: start, start_date: start },
      ...{ status: trialEnd ? 'trialing' : 'active', trial_start: trialEnd && start, trial_end: trialEnd },
      ...{ current_period_start: start, current_period_end: trialEnd ?? periodEnd(start, price) },
      ...{ cancel_at_period_end: false, cancel_at: null, canceled_at: null, ended_at: null },
      ...{ default_payment_method: method.id, pause_collection: null, schedule: null },
      items: {
        object: 'list',
        has_more: false,
        data: [{ id: newId('si'), object: 'subscription_item', price, quantity: 1 }],
      },
    };
    kept.subscriptions.set(subscription.id, subscription);
    tell('customer.subscription.created', subscription);
    bill(subscription, trialEnd ? 0 : price.unit_amount, 'subscription_create', { paid: true });
    return subscription;
  }

  const priceIn = (subscription: Thing): Thing => subscription.items.data[0].price;
  const update = (subscription: Thing, more: object): void => {
    Object.assign(subscription, more);
    tell('customer.subscription.updated', subscription);
  };
  function end(subscription: Thing): void {
    Object.assign(subscription, { status: 'canceled', ended_at: seconds(), canceled_at: seconds() });
    tell('customer.subscription.deleted', subscription);
  }

  /** What a change costs: what is left of the one is given back, and of the other is charged. */
  function linesOf(subscription: Thing, price: Thing, at: number): Thing[] {
    const before = priceIn(subscription);
    const { current_period_start: start, current_period_end: stop } = subscription;
    const left = Math.max(0, Math.min(1, (stop - at) / (stop - start)));
    const full = { amount: price.unit_amount, proration: false, period: { start: stop, end: periodEnd(stop, price) } };
    if (subscription.status === 'trialing') return [full];
    const credit = {
      amount: -Math.round(before.unit_amount * left),
      proration: true,
      period: { start: at, end: stop },
    };
    if (before.recurring.interval !== price.recurring.interval) return [credit, full];
    const charge = { amount: Math.round(price.unit_amount * left), proration: true, period: { start: at, end: stop } };
    return [credit, charge, full];
  }

  const routes: [method: string, path: RegExp, (params: Thing, id: string) => Thing][] = [
    [
      'GET',
      /^\/v1\/prices$/,
      params => {
        const keys: string[] = params.lookup_keys ?? [];
        return pageOf(
          newestFirst(kept.prices).filter(price => keys.length === 0 || keys.includes(price.lookup_key)),
          params,
        );
      },
    ],
    [
      'POST',
      /^\/v1\/customers$/,
      params => {
        const more = { id: newId('cus'), object: 'customer', created: seconds(), metadata: params.metadata ?? {} };
        const customer = {
          ...sample('customer'),
          ...more,
          email: null,
          invoice_settings: { default_payment_method: null },
        };
        kept.customers.set(customer.id, customer);
        tell('customer.created', customer);
        return customer;
      },
    ],
    [
      'GET',
      /^\/v1\/customers\/([^/]+)$/,
      (_, id) => {
        const found = kept.customers.get(id);
        return found?.deleted ? { id, object: 'customer', deleted: true } : find(kept.customers, id, 'customer');
      },
    ],
    [
      'DELETE',
      /^\/v1\/customers\/([^/]+)$/,
      (_, id) => {
        const customer = find(kept.customers, id, 'customer');
        for (const each of kept.subscriptions.values())
          if (each.customer === id && !OVER.includes(each.status)) end(each);
        customer.deleted = true;
        tell('customer.deleted', customer);
        return { id, object: 'customer', deleted: true };
      },
    ],
    [
      'GET',
      /^\/v1\/subscriptions$/,
      params => {
        const isWanted = ({ customer, status }: Thing) =>
          customer === params.customer && (params.status === 'all' || !OVER.includes(status));
        return pageOf(newestFirst(kept.subscriptions).filter(isWanted), params);
      },
    ],
    ['GET', /^\/v1\/subscriptions\/([^/]+)$/, (_, id) => find(kept.subscriptions, id, 'subscription')],
    ['POST', /^\/v1\/subscriptions\/([^/]+)$/, (params, id) => changeSubscription(params, id)],
    [
      'DELETE',
      /^\/v1\/subscriptions\/([^/]+)$/,
      (_, id) => {
        const subscription = find(kept.subscriptions, id, 'subscription');
        if (subscription.status === 'canceled') {
          throw new Refusal(404, { code: 'resource_missing', message: `No such subscription: '${id}'` });
        }
        end(subscription);
        return subscription;
      },
    ],
    [
      'GET',
      /^\/v1\/invoices\/upcoming$/,
      params => {
        const subscription = find(kept.subscriptions, params.subscription, 'subscription');
        const price = find(kept.prices, params.subscription_items[0].price, 'price');
        const data = linesOf(subscription, price, Number(params.subscription_proration_date ?? seconds()));
        const total = data.reduce((sum, { amount }) => sum + amount, 0);
        const starting_balance = kept.customers.get(subscription.customer)?.balance ?? 0;
        return {
          object: 'invoice',
          currency: 'eur',
          total,
          starting_balance,
          lines: { object: 'list', data, has_more: false },
        };
      },
    ],
    [
      'GET',
      /^\/v1\/invoices$/,
      params =>
        pageOf(
          newestFirst(kept.invoices).filter(({ customer }) => customer === params.customer),
          params,
        ),
    ],
    [
      'GET',
      /^\/v1\/checkout\/sessions$/,
      params =>
        pageOf(
          newestFirst(kept.sessions).filter(({ customer }) => customer === params.customer),
          params,
        ),
    ],
    [
      'POST',
      /^\/v1\/checkout\/sessions$/,
      params => {
        if (kept.customers.get(params.customer)?.deleted !== undefined || !kept.customers.has(params.customer)) {
          throw new Refusal(400, { code: 'resource_missing', message: `No such customer: '${params.customer}'` });
        }
        if (params.tax_id_collection?.enabled === 'true' && params.customer_update?.name !== 'auto') {
          throw new Refusal(400, { message: 'Tax ID collection requires updating business name on the customer.' });
        }
        find(kept.prices, params.line_items[0].price, 'price');
        const id = newId('cs_test');
        const session = {
          ...sample('checkout.session'),
          ...{ id, object: 'checkout.session', status: 'open', mode: params.mode, customer: params.customer, params },
          ...{ url: `${url}/c/pay/${id}`, metadata: params.metadata ?? {}, created: seconds() },
          client_reference_id: params.client_reference_id ?? null,
        };
        kept.sessions.set(id, session);
        return session;
      },
    ],
    [
      'POST',
      /^\/v1\/checkout\/sessions\/([^/]+)\/expire$/,
      (_, id) => {
        const session = find(kept.sessions, id, 'checkout.session');
        if (session.status !== 'open') {
          throw new Refusal(400, { message: 'Only Checkout Sessions with a status in ["open"] can be expired.' });
        }
        Object.assign(session, { status: 'expired', url: null });
        return session;
      },
    ],
    [
      'POST',
      /^\/v1\/billing_portal\/sessions$/,
      params => {
        find(kept.customers, params.customer, 'customer');
        const id = newId('bps');
        const more = { id, customer: params.customer, return_url: params.return_url, url: `${url}/p/session/${id}` };
        const session = { ...sample('billing_portal.session'), object: 'billing_portal.session', ...more };
        kept.portals.set(id, session);
        return session;
      },
    ],
  ];

  function changeSubscription(params: Thing, id: string): Thing {
    const subscription = find(kept.subscriptions, id, 'subscription');
    if (OVER.includes(subscription.status)) {
      throw new Refusal(400, { message: 'A canceled subscription can only update its cancellation_details.' });
    }
    const more: Thing = {};
    if (params.cancel_at_period_end !== undefined) {
      const ends = params.cancel_at_period_end === 'true';
      Object.assign(more, { cancel_at_period_end: ends, cancel_at: ends ? subscription.current_period_end : null });
    }
    const [item] = params.items ?? [];
    if (item) {
      const price = find(kept.prices, item.price, 'price');
      if (params.proration_date !== undefined && subscription.status === 'trialing') {
        throw new Refusal(400, { message: 'You cannot prorate a trial.' });
      }
      const at = Number(params.proration_date ?? seconds());
      if (at < subscription.current_period_start || at > subscription.current_period_end) {
        throw new Refusal(400, { message: 'Cannot specify proration date outside of current subscription period' });
      }
      const isTrial = subscription.status === 'trialing';
      const anew = !isTrial && priceIn(subscription).recurring.interval !== price.recurring.interval;
      const due = linesOf(subscription, price, at)
        .filter(({ proration }) => proration || anew)
        .reduce((sum, { amount }) => sum + amount, 0);
      if (!isTrial && due > 0 && methodOf(subscription)?.declines) {
        throw new Refusal(402, {
          type: 'card_error',
          code: 'card_declined',
          message: `The card ${PAYER.name} was declined.`,
        });
      }
      // What is given back is kept for the next invoices.
      if (due < 0) find(kept.customers, subscription.customer, 'customer').balance += due;
      if (due !== 0 && !isTrial) bill(subscription, due, 'subscription_update', { paid: true });
      subscription.items.data[0].price = price;
      if (anew)
        Object.assign(more, { current_period_start: seconds(), current_period_end: periodEnd(seconds(), price) });
    }
    update(subscription, more);
    return subscription;
  }

  function answerTo({ method, path, params }: StripeRequest): { status: number; body: Thing } {
    const published = judge(method, path, params);
    if (published) {
      wrong.push(`${method} ${path}: ${published}`);
      return {
        status: 400,
        body: { error: { type: 'invalid_request_error', code: 'parameter_unknown', message: published } },
      };
    }
    for (const [verb, shape, answer] of routes) {
      const found = verb === method && shape.exec(path);
      if (!found) continue;
      try {
        const body = structuredClone(answer(params, decodeURIComponent(found[1] ?? '')));
        return { status: 200, body: expanded(body, (params.expand as string[] | undefined) ?? []) };
      } catch (error) {
        if (error instanceof Refusal) return { status: error.status, body: { error: error.error } };
        throw error;
      }
    }
    wrong.push(`${method} ${path}: not played here`);
    return { status: 404, body: { error: { type: 'invalid_request_error', message: 'not played here' } } };
  }

  /** Puts the payment method in place of its id, where that was asked for. */
  function expanded(body: Thing, wanted: string[]): Thing {
    for (const path of wanted) {
      const keys = path.split('.');
      const last = keys.pop() as string;
      let at: Thing[] = [body];
      for (const key of keys) at = at.flatMap(each => each?.[key] ?? []);
      for (const each of at)
        if (kept.methods.has(each[last])) each[last] = structuredClone(kept.methods.get(each[last]));
    }
    return body;
  }

  async function api(incoming: IncomingMessage, response: ServerResponse, raw: string): Promise<void> {
    const { pathname: path, searchParams } = new URL(incoming.url ?? '', url);
    const { method = '' } = incoming;
    const params = paramsIn(method === 'POST' ? raw : String(searchParams));
    const key = incoming.headers['idempotency-key'] as string | undefined;
    const request = { method, path, params, key };
    requests.push(request);
    const { headers } = incoming;
    if (headers['stripe-version'] !== STRIPE_VERSION) wrong.push(`${path}: version ${headers['stripe-version']}`);
    if (headers['x-stripe-client-telemetry']) wrong.push(`${path}: telemetry`);
    const line = `${method} ${path}`;
    const nth = faults.findIndex(({ match }) => match.test(line));
    const fault = nth < 0 ? undefined : faults.splice(nth, 1)[0]?.fault;
    if (fault === 'cut') return void incoming.socket.destroy();
    if (fault === 'html') return void response.writeHead(502).end('<html>Bad gateway</html>');
    if (fault === 'down') return reply(response, 500, { error: { type: 'api_error', message: `of ${STRIPE_KEY}` } });
    if (fault === 'busy' || fault === 'busy_for_long') {
      response.setHeader('Retry-After', fault === 'busy' ? '0' : '3600');
      return reply(response, 429, {
        error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests.' },
      });
    }
    if (fault === 'unauthorized' || headers.authorization !== `Bearer ${STRIPE_KEY}`) {
      return reply(response, 401, {
        error: { type: 'invalid_request_error', message: `Invalid API Key provided: ${STRIPE_KEY}` },
      });
    }
    const answer = await onceFor(request, raw);
    if (fault === 'applied_then_cut') return void incoming.socket.destroy();
    const hold = held.findIndex(({ match }) => match.test(line));
    const [holding] = hold < 0 ? [] : held.splice(hold, 1);
    holding?.reached();
    await holding?.until;
    reply(response, answer.status, answer.body);
  }

  /** A key is good for one request, and has one answer. */
  async function onceFor(request: StripeRequest, raw: string): Promise<{ status: number; body: Thing }> {
    const { key, method, path } = request;
    if (method !== 'POST' || !key) return answerTo(request);
    const print = `${path} ${raw}`;
    const known = byKey.get(key);
    if (known && known.print !== print) {
      const message =
        'Keys for idempotent requests can only be used with the same parameters they were first used with.';
      return { status: 400, body: { error: { type: 'idempotency_error', message } } };
    }
    if (known) return known.answer;
    const answer = Promise.resolve(answerTo(request));
    byKey.set(key, { print, answer });
    return answer;
  }

  /** The pages on which somebody pays, and looks after what they pay by. */
  function page(method: string, path: string, form: Params): { html: string } | { to: string } | undefined {
    const [, kind = '', id = ''] = /^\/(c\/pay|p\/session)\/(\w+)$/.exec(path) ?? [];
    if (kind === 'c/pay') {
      const session = kept.sessions.get(id);
      if (session?.status !== 'open') return { html: htmlOf('This page has expired', '') };
      const { line_items, subscription_data, success_url, cancel_url } = session.params;
      const price = kept.prices.get(line_items[0].price);
      if (method === 'GET') {
        const text = `<p>${price.lookup_key}: ${(price.unit_amount / 100).toFixed(2)} EUR</p>`;
        return {
          html: htmlOf('Subscribe', `${text}${button('pay', 'Pay')}<a href="${escaped(cancel_url)}">Cancel</a>`),
        };
      }
      const trialDays = Number(subscription_data?.trial_period_days ?? 0);
      const card = [MASTERCARD, DECLINED].find(({ number }) => number === form.number) ?? VISA;
      const subscription = addSubscription(session.customer, price.id, { card, ...(trialDays > 0 && { trialDays }) });
      const customer = kept.customers.get(session.customer);
      Object.assign(customer, { name: PAYER.name, email: PAYER.email, address: { line1: PAYER.line1 } });
      Object.assign(session, { status: 'complete', url: null, subscription: subscription.id });
      const { params: _params, ...shown } = session;
      tell('checkout.session.completed', {
        ...shown,
        customer_details: { email: PAYER.email, tax_ids: [PAYER.taxId] },
      });
      return { to: success_url };
    }
    const portal = kept.portals.get(id);
    if (!portal) return undefined;
    if (method === 'GET') {
      const buttons = `${button('card', 'Update card')}${button('cancel', 'Cancel plan')}`;
      return { html: htmlOf('Billing', `${buttons}<a href="${escaped(portal.return_url)}">Return</a>`) };
    }
    if (form.do === 'card') setCard(portal.customer, MASTERCARD);
    if (form.do === 'cancel') {
      const live = newestFirst(kept.subscriptions).find(
        each => each.customer === portal.customer && !OVER.includes(each.status),
      );
      if (live) update(live, { cancel_at_period_end: true, cancel_at: live.current_period_end });
    }
    return { to: portal.return_url };
  }

  function setCard(customerId: string, card: StripeCard): void {
    const method = addMethod(customerId, card);
    const customer = find(kept.customers, customerId, 'customer');
    customer.invoice_settings.default_payment_method = method.id;
    for (const each of kept.subscriptions.values())
      if (each.customer === customerId) each.default_payment_method = null;
    tell('customer.updated', customer);
  }

  const server = createServer(async (incoming, response) => {
    const raw = (await buffer(incoming)).toString('utf8');
    const { pathname } = new URL(incoming.url ?? '', 'http://stripe.example');
    if (pathname.startsWith('/v1/')) return void (await api(incoming, response, raw));
    const shown = page(incoming.method ?? '', pathname, paramsIn(raw));
    if (!shown) return void response.writeHead(404).end();
    if ('to' in shown) return void response.writeHead(303, { Location: shown.to }).end();
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(shown.html);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const subscriptionBy = (id: string): Thing => find(kept.subscriptions, id, 'subscription');

  return {
    url,
    env: { STRIPE_SECRET_KEY: STRIPE_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_BASE_URL: url },
    /** Every request, as it came. */
    requests,
    /** What was not as published: a test ends with none. */
    wrong,
    /** What happened, whether or not the relay was told. */
    events,
    kept,
    addPrice,
    send,

    /** From now on the relay there hears of everything; of nothing, where none is given. */
    tells(origin: string | undefined): void {
      webhook = origin && `${origin}/stripe/events`;
    },
    /** Until what was sent has been answered. */
    async settled(): Promise<void> {
      while (sending.size > 0) await Promise.all(sending);
    },
    /** The next requests that match end like this. */
    fail(fault: StripeFault, { times = 1, match = /./ }: { times?: number; match?: RegExp } = {}): void {
      for (let nth = 0; nth < times; nth += 1) faults.push({ fault, match });
    },
    /** Nothing fails any more. */
    recover: () => void faults.splice(0),
    /** The answer to the next such request is made, and held back. */
    hold(match: RegExp) {
      const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      held.push({ match, reached: reached.resolve, until: released.promise });
      return { reached: reached.promise, release: released.resolve };
    },

    /** What the customer has at this moment. */
    liveOf: (customerId: string): Thing[] =>
      newestFirst(kept.subscriptions).filter(each => each.customer === customerId && !OVER.includes(each.status)),
    customerOf: (accountId: string): Thing =>
      newestFirst(kept.customers).find(each => each.metadata.account === accountId && !each.deleted),

    /** Somebody presses the button of such a page, and is led on. */
    async press(pageUrl: string, what: string, card = VISA): Promise<string> {
      const body = new URLSearchParams({ do: what, number: card.number });
      const reply = await fetch(pageUrl, { method: 'POST', body, redirect: 'manual' });
      if (reply.status !== 303) throw new Error(`nothing to press: ${(await reply.text()).slice(0, 200)}`);
      return reply.headers.get('Location') as string;
    },
    setCard,
    /** Three days before a trial ends. */
    trialWillEnd: (id: string): StripeEvent => tell('customer.subscription.trial_will_end', subscriptionBy(id)),
    /** A period ends, and the next is paid, or is not as the card is declined. */
    renew(id: string): void {
      const subscription = subscriptionBy(id);
      if (subscription.cancel_at_period_end) {
        end(subscription);
        return;
      }
      const start = subscription.current_period_end;
      const paid = !methodOf(subscription)?.declines;
      bill(subscription, priceIn(subscription).unit_amount, 'subscription_cycle', { paid });
      const current_period_end = periodEnd(start, priceIn(subscription));
      update(subscription, { status: paid ? 'active' : 'past_due', current_period_start: start, current_period_end });
    },
    /** The open invoice is paid after all. */
    settle(id: string): void {
      const subscription = subscriptionBy(id);
      const invoice = kept.invoices.get(subscription.latest_invoice);
      invoice.status = 'paid';
      tell('invoice.paid', invoice);
      update(subscription, { status: 'active' });
    },
    /** Nobody tries any more. */
    giveUp(id: string, status: 'canceled' | 'unpaid'): void {
      if (status === 'canceled') end(subscriptionBy(id));
      else update(subscriptionBy(id), { status });
    },
    setStatus: (id: string, status: string): void => update(subscriptionBy(id), { status }),
    /** As somebody does in the portal, or in Stripe's dashboard. */
    setPrice(id: string, key: string): void {
      const subscription = subscriptionBy(id);
      subscription.items.data[0].price = [...kept.prices.values()].find(each => each.lookup_key === key);
      update(subscription, {});
    },
    addSubscription,
    end: (id: string): void => end(subscriptionBy(id)),
    close(): Promise<void> {
      server.closeAllConnections();
      return new Promise(resolve => void server.close(() => resolve()));
    },
  };
}

type SendHow = { at?: number; secret?: string; body?: string; to?: string | undefined };

function periodEnd(start: number, price: Thing): number {
  const end = new Date(start * 1_000);
  if (price.recurring.interval === 'year') end.setUTCFullYear(end.getUTCFullYear() + 1);
  else end.setUTCMonth(end.getUTCMonth() + 1);
  return Math.floor(end.getTime() / 1_000);
}

function pageOf(all: Thing[], { limit = 10, starting_after: after }: Thing): Thing {
  const from = after ? all.findIndex(({ id }) => id === after) + 1 : 0;
  const data = all.slice(from, from + Number(limit));
  return { object: 'list', url: '/v1/things', has_more: all.length > from + data.length, data };
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Request-Id': 'req_000000000000' });
  response.end(JSON.stringify(body));
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
const button = (what: string, label: string) =>
  `<form method="post"><button name="do" value="${what}">${label}</button></form>`;
const htmlOf = (title: string, body: string) =>
  `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`;
