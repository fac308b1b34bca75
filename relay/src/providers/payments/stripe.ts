import { setTimeout as pause } from 'node:timers/promises';
import Stripe from 'stripe';
import { z } from 'zod';
import {
  type Cashier,
  CashierFault,
  type CashierFaultKind,
  type ChangeCost,
  type NewCheckout,
  type Price,
  type SoldSubscription,
} from './cashier.ts';

type Config = { secretKey: string; webhookSecrets: string[]; baseUrl: string };

/** What we send and read is as it was published for this version, whatever the SDK or Stripe's dashboard prefer. */
const VERSION = '2023-08-16';
const TIMEOUT_MS = 10_000;
/** How often the SDK tries again where the line broke or Stripe failed, under the same idempotency key. */
const RETRIES = 2;
/** Who is told to wait longer does not wait here. */
const WAIT_MAX_S = 5;
const WAITS = 2;
const PAGE = 100;
const TOLERANCE_S = 300;
/** So often somebody else of the account may choose something else meanwhile. */
const CHECKOUT_TRIES = 4;

const id = z.string().min(1);
const seconds = z.int().transform(value => new Date(value * 1_000));
const ref = z.union([id, z.object({ id })]).transform(value => (typeof value === 'string' ? value : value.id));
const listOf = <Item extends z.ZodType>(item: Item) => z.object({ data: z.array(item), has_more: z.boolean() });

const price = z
  .object({
    id,
    lookup_key: z.string().nullish(),
    product: ref,
    currency: z.string(),
    unit_amount: z.int().nullish(),
    tax_behavior: z.string().nullish(),
    recurring: z.object({ interval: z.string(), interval_count: z.int() }).nullish(),
  })
  .transform((found): Price => {
    const { interval, interval_count: count } = found.recurring ?? {};
    return {
      id: found.id,
      lookupKey: found.lookup_key ?? null,
      productId: found.product,
      interval: count === 1 && (interval === 'month' || interval === 'year') ? interval : null,
      amount: found.unit_amount ?? 0,
      currency: found.currency,
      isTaxed: found.tax_behavior === 'inclusive' || found.tax_behavior === 'exclusive',
    };
  });
/** Of what somebody pays by: nothing but this is looked at. */
const paymentMethod = z.object({ card: z.object({ brand: z.string(), last4: z.string() }).nullish() });
const customer = z.union([
  z.object({ id, deleted: z.literal(true) }),
  z.object({
    id,
    deleted: z.literal(false).optional(),
    invoice_settings: z.object({ default_payment_method: paymentMethod.nullish() }).nullish(),
  }),
]);
const subscription = z.object({
  id,
  status: z.enum([
    'trialing',
    'active',
    'past_due',
    'unpaid',
    'incomplete',
    'incomplete_expired',
    'paused',
    'canceled',
  ]),
  created: seconds,
  current_period_start: seconds,
  current_period_end: seconds,
  trial_end: seconds.nullish(),
  cancel_at: seconds.nullish(),
  cancel_at_period_end: z.boolean(),
  ended_at: seconds.nullish(),
  default_payment_method: paymentMethod.nullish(),
  items: z.object({ data: z.array(z.object({ id, price })).min(1) }),
});
const invoice = z.object({
  id,
  number: z.string().nullish(),
  status: z.string().nullish(),
  total: z.int(),
  currency: z.string(),
  created: seconds,
});
const line = z.object({
  amount: z.int(),
  proration: z.boolean(),
  discount_amounts: z.array(z.object({ amount: z.int() })).nullish(),
  tax_amounts: z.array(z.object({ amount: z.int(), inclusive: z.boolean() })).nullish(),
});
const upcoming = z.object({
  currency: z.string(),
  starting_balance: z.int(),
  lines: listOf(line),
});
const session = z.object({
  id,
  status: z.string().nullish(),
  url: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
const printable = z.string().regex(/^[\x21-\x7e]{1,255}$/);
/** It is signed: all that is asked of it is that it can be told from others. */
const event = z.object({
  id: printable,
  type: printable,
  created: seconds.optional(),
  data: z.object({ object: z.looseObject({}) }),
});

/** Stripe Billing: it shows the pages on which owners pay, and says what stands. */
export function stripeCashier({ secretKey, webhookSecrets, baseUrl }: Config): Cashier {
  const { protocol, hostname, port } = new URL(baseUrl);
  const stripe = new Stripe(secretKey, {
    apiVersion: VERSION as never,
    telemetry: false,
    maxNetworkRetries: RETRIES,
    timeout: TIMEOUT_MS,
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    port: port || (protocol === 'http:' ? 80 : 443),
  });

  /** What Stripe answered, or a fault in our own words: its own may repeat a key, or what a customer has entered. */
  async function ask<Schema extends z.ZodType>(schema: Schema, call: () => Promise<unknown>): Promise<z.infer<Schema>> {
    for (let waits = WAITS; ; waits -= 1) {
      try {
        const read = schema.safeParse(await call());
        if (read.success) return read.data;
        const where = read.error.issues.map(({ path }) => path.join('.')).slice(0, 3);
        throw new CashierFault('refused', `Stripe gave an answer that this relay does not understand: ${where}.`);
      } catch (error) {
        const fault = faultOf(error);
        const waitS = fault.retryAfterS;
        if (waits === 0 || waitS === undefined || waitS > WAIT_MAX_S) throw fault;
        await pause(waitS * 1_000);
      }
    }
  }

  async function all<Item extends { id: string }>(
    page: (after: object) => Promise<{ data: Item[]; has_more: boolean }>,
  ) {
    const found: Item[] = [];
    for (let last: string | undefined; ; last = found.at(-1)?.id) {
      const { data, has_more: hasMore } = await page(last === undefined ? {} : { starting_after: last });
      found.push(...data);
      if (!hasMore || data.length === 0) return found;
    }
  }

  /** Nothing where the customer is gone. */
  async function customerBy(customerId: string) {
    const found = await unless(['changed'], () =>
      ask(customer, () =>
        stripe.customers.retrieve(customerId, { expand: ['invoice_settings.default_payment_method'] }),
      ),
    );
    return found?.deleted ? undefined : found;
  }

  return {
    async prices(lookupKeys) {
      const found = await ask(listOf(price), () =>
        stripe.prices.list({ lookup_keys: lookupKeys, active: true, limit: PAGE }),
      );
      return found.data;
    },

    async createCustomer(accountId, formerId) {
      // Two owners who press at once say the same under the same key, and get the same customer.
      const how = { idempotencyKey: `confab-customer-${accountId}-${formerId ?? 'first'}` };
      const made = await ask(z.object({ id }), () =>
        stripe.customers.create({ metadata: { account: accountId } }, how),
      );
      return made.id;
    },

    async subscriptionsOf(customerId) {
      const found = await customerBy(customerId);
      if (!found) return undefined;
      const usual = found.invoice_settings?.default_payment_method?.card ?? null;
      const subscriptions = await all(after =>
        ask(listOf(subscription), () =>
          stripe.subscriptions.list({
            customer: customerId,
            status: 'all',
            limit: PAGE,
            expand: ['data.default_payment_method'],
            ...after,
          }),
        ),
      );
      return subscriptions.map(each => soldOf(each, usual));
    },

    async invoicesOf(customerId) {
      // A customer of another Stripe account, as after a change of keys, has none here.
      const found =
        (await unless(['changed'], () =>
          all(after =>
            ask(listOf(invoice), () => stripe.invoices.list({ customer: customerId, limit: PAGE, ...after })),
          ),
        )) ?? [];
      return found
        .filter(({ status }) => status !== 'draft')
        .map(({ id, number, status, total, currency, created }) => ({
          ...{ id, number: number ?? null, status: status ?? 'open', total, currency, issuedAt: created },
        }));
    },

    async checkout(what) {
      const { customerId, price } = what;
      for (let tries = CHECKOUT_TRIES; tries > 0; tries -= 1) {
        const { data } = await ask(listOf(session), () =>
          stripe.checkout.sessions.list({ customer: customerId, limit: 1 }),
        );
        const latest = data.at(0);
        if (latest?.status === 'open') {
          if (latest.metadata?.price === price.id && latest.url) return latest.url;
          // It may have been paid at this moment; the next look tells.
          await unless(['changed', 'refused'], () => ask(session, () => stripe.checkout.sessions.expire(latest.id)));
        }
        // Whoever comes at the same moment uses the same key: with the same choice they get the same page, and with
        // another one they are refused, and look again.
        const how = { idempotencyKey: `confab-checkout-${customerId}-${latest?.id ?? 'first'}` };
        const made = await unless(['changed'], () =>
          ask(session, () => stripe.checkout.sessions.create(sessionOf(what), how)),
        );
        if (made?.url) return made.url;
      }
      throw new CashierFault('changed', 'Others of the account are choosing a plan at this moment.');
    },

    async portal(customerId, returnUrl) {
      const made = await ask(z.object({ url: z.string() }), () =>
        stripe.billingPortal.sessions.create({ customer: customerId, return_url: returnUrl }),
      );
      return made.url;
    },

    async costOf(customerId, { subscription, price, at }) {
      const query = new URLSearchParams({
        customer: customerId,
        subscription: subscription.id,
        'subscription_items[0][id]': subscription.itemId,
        'subscription_items[0][price]': price.id,
        subscription_proration_behavior: 'create_prorations',
        // Stripe takes no date of a trial, in which nothing is prorated.
        ...(subscription.status !== 'trialing' && { subscription_proration_date: String(secondsOf(at)) }),
        subscription_cancel_at_period_end: 'false',
      });
      // The SDK has no name for it any more; this version of the API has no other way.
      const found = await ask(upcoming, () => stripe.rawRequest('GET', `/v1/invoices/upcoming?${query}`));
      return costIn(found, { subscription, price, at });
    },

    async change({ subscription, price, at }) {
      const how = { idempotencyKey: `confab-change-${subscription.id}-${price.id}-${secondsOf(at)}` };
      await ask(z.object({ id }), () =>
        stripe.subscriptions.update(
          subscription.id,
          {
            items: [{ id: subscription.itemId, price: price.id }],
            proration_behavior: 'always_invoice',
            ...(subscription.status !== 'trialing' && { proration_date: secondsOf(at) }),
            payment_behavior: 'error_if_incomplete',
            // Who chooses a plan wants to keep it.
            cancel_at_period_end: false,
          },
          how,
        ),
      );
    },

    async setEnd(subscriptionId, ends) {
      await ask(z.object({ id }), () => stripe.subscriptions.update(subscriptionId, { cancel_at_period_end: ends }));
    },

    async removeCustomer(customerId) {
      const found = (await this.subscriptionsOf(customerId)) ?? [];
      for (const { id, status } of found) {
        if (status === 'canceled' || status === 'incomplete_expired') continue;
        await unless(['changed'], () => ask(z.unknown(), () => stripe.subscriptions.cancel(id)));
      }
      await unless(['changed'], () => ask(z.unknown(), () => stripe.customers.del(customerId)));
    },

    readEvent(body, signature, now) {
      for (const secret of webhookSecrets) {
        let signed: unknown;
        try {
          signed = stripe.webhooks.constructEvent(body, signature, secret, TOLERANCE_S, undefined, now.getTime());
        } catch {
          continue;
        }
        const read = event.safeParse(signed);
        if (!read.success) return undefined;
        const { id, type, created: createdAt = now, data } = read.data;
        const { object } = data;
        const customerId = printable.safeParse(object.object === 'customer' ? object.id : idIn(object.customer));
        return { id, type, createdAt, customerId: customerId.data ?? null };
      }
      return undefined;
    },
  };
}

/** Nothing where it does not fit what stands there any more: somebody else was quicker. */
async function unless<Value>(kinds: CashierFaultKind[], work: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CashierFault && kinds.includes(error.kind)) return undefined;
    throw error;
  }
}

function sessionOf({ customerId, accountId, price, trialDays, successUrl, cancelUrl }: NewCheckout) {
  return {
    mode: 'subscription' as const,
    customer: customerId,
    client_reference_id: accountId,
    line_items: [{ price: price.id, quantity: 1 }],
    metadata: { price: price.id },
    subscription_data: {
      metadata: { account: accountId },
      ...(trialDays !== null && { trial_period_days: trialDays }),
    },
    tax_id_collection: { enabled: true },
    // Stripe asks for both where it collects tax ids of a customer that is there already.
    customer_update: { name: 'auto' as const, address: 'auto' as const },
    automatic_tax: { enabled: price.isTaxed },
    success_url: successUrl,
    cancel_url: cancelUrl,
  };
}

function soldOf(found: z.infer<typeof subscription>, usual: { brand: string; last4: string } | null): SoldSubscription {
  const [item] = found.items.data as [z.infer<typeof subscription>['items']['data'][number]];
  return {
    id: found.id,
    status: found.status,
    itemId: item.id,
    price: item.price,
    createdAt: found.created,
    periodStart: found.current_period_start,
    periodEnd: found.current_period_end,
    trialEndsAt: found.trial_end ?? null,
    endsAt: found.ended_at ?? found.cancel_at ?? (found.cancel_at_period_end ? found.current_period_end : null),
    card: found.default_payment_method ? (found.default_payment_method.card ?? null) : usual,
  };
}

type Upcoming = z.infer<typeof upcoming>;

/** The lines of the invoice to come, as what is charged for the change and what the next period costs. */
function costIn(found: Upcoming, { subscription, price, at }: Parameters<Cashier['costOf']>[1]): ChangeCost {
  const costs = (lines: Upcoming['lines']['data']) => lines.reduce((sum, each) => sum + costOfLine(each), 0);
  const { data } = found.lines;
  const nextInvoice = costs(data.filter(({ proration }) => !proration));
  // Another interval begins a new period at once, save in a trial.
  const beginsAnew = subscription.status !== 'trialing' && price.interval !== subscription.price.interval;
  const change = costs(data.filter(({ proration }) => proration)) + (beginsAnew ? nextInvoice : 0);
  return {
    // What Stripe owes the customer is used up first.
    dueNow: change > 0 ? Math.max(0, change + Math.min(0, found.starting_balance)) : change,
    nextInvoice,
    nextInvoiceAt: beginsAnew ? later(at, price.interval) : subscription.periodEnd,
    currency: found.currency,
  };
}

const costOfLine = ({ amount, discount_amounts: discounts, tax_amounts: taxes }: z.infer<typeof line>): number =>
  amount -
  (discounts ?? []).reduce((sum, each) => sum + each.amount, 0) +
  (taxes ?? []).reduce((sum, each) => sum + (each.inclusive ? 0 : each.amount), 0);

/** A month or a year later, on the same day or the last of a shorter month. */
function later(at: Date, interval: Price['interval']): Date {
  const months = interval === 'year' ? 12 : 1;
  const next = new Date(at);
  next.setUTCMonth(at.getUTCMonth() + months, 1);
  const days = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0)).getUTCDate();
  next.setUTCDate(Math.min(at.getUTCDate(), days));
  return next;
}

const secondsOf = (time: Date): number => Math.floor(time.getTime() / 1_000);
const idIn = (value: unknown): unknown =>
  value && typeof value === 'object' && 'id' in value ? (value as { id: unknown }).id : value;

function faultOf(error: unknown): CashierFault {
  if (error instanceof CashierFault) return error;
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const { statusCode = 0, code, requestId, headers } = error;
  // Codes and ids of requests are Stripe's own words, and say nothing of anybody.
  const said = [code, requestId].filter(word => typeof word === 'string' && /^\w{1,100}$/.test(word)).join(', ');
  const fault = (kind: CashierFaultKind, what: string, retryAfterS?: number) =>
    new CashierFault(kind, `Stripe ${what}${said && ` (${said})`}.`, { retryAfterS });
  if (error instanceof Stripe.errors.StripeCardError) return fault('declined', 'could not charge the card');
  if (statusCode === 429) return fault('unavailable', 'takes no more questions for now', retryAfterOf(headers));
  if (statusCode === 401 || statusCode === 403) return fault('refused', 'refused STRIPE_SECRET_KEY');
  if (code === 'resource_missing' && statusCode === 404) return fault('changed', 'knows no such thing any more');
  if (error instanceof Stripe.errors.StripeIdempotencyError) return fault('changed', 'was asked otherwise meanwhile');
  if (code && OUTDATED.has(code)) return fault('changed', 'has another state by now');
  if (statusCode >= 400 && statusCode < 500 && statusCode !== 409)
    return fault('refused', `answered with ${statusCode}`);
  return fault('unavailable', statusCode ? `answered with ${statusCode}` : 'could not be reached in time');
}

/** What is refused since it is past. */
const OUTDATED = new Set(['resource_missing', 'checkout_session_not_open', 'invoice_upcoming_none']);

function retryAfterOf(headers: { [name: string]: string } | undefined): number {
  const given = Number(headers?.['retry-after'] ?? Number.NaN);
  return given >= 0 ? given : 1;
}
