import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Payments, PaymentsFault, Subscription } from './payments.ts';

/** A platform with one shop, and an adapter that asks it. */
export type Harness = {
  payments: Payments;
  shopId: string;
  shopDomain: string;
  /** A shop that the platform does not know. */
  strangerId: string;
  /** What must never be told to anybody. */
  secret: string;
  /** From now on the shop pays for this. */
  sell(subscription: Subscription | undefined): void;
  /** How the next answers of the platform fail. */
  fail(how: Failure, times?: number): void;
  /** How often the platform was asked. */
  asked(): number;
  stop(): Promise<void>;
};
export type Failure = 'down' | 'busy' | 'busy for long' | 'silent' | 'garbled' | 'in part' | 'unauthorized';

export const monthly: Subscription = {
  items: ['starter'],
  period: 'month',
  trialEndsAt: null,
  periodEndsAt: new Date('2026-12-20T10:00:00Z'),
  endsWithPeriod: false,
  nextItems: null,
};

/** What every adapter promises that knows what shops pay for. */
export function paymentsContract(name: string, start: () => Promise<Harness>): void {
  describe(`${name}, as all payments,`, () => {
    let bed: Harness;
    beforeEach(async () => {
      bed = await start();
    });
    afterEach(() => bed.stop());

    const never = new AbortController().signal;
    const ask = (signal = never, shopId = bed.shopId) => bed.payments.subscription(shopId, signal);
    const fault = (signal?: AbortSignal) => ask(signal).catch((error: unknown) => error as PaymentsFault);

    it('says that a shop pays for nothing, and so of one that is not known', async () => {
      expect(await ask()).toBeUndefined();
      bed.sell(monthly);
      expect(await ask(never, bed.strangerId)).toBeUndefined();
    });

    it.each([
      ['a plan', monthly],
      ['a plan by the year', { ...monthly, period: 'year' }],
      ['a trial', { ...monthly, trialEndsAt: new Date('2026-12-01T00:00:00Z'), periodEndsAt: null }],
      ['a plan that ends', { ...monthly, endsWithPeriod: true }],
      ['a plan that becomes another', { ...monthly, nextItems: ['growth'] }],
      ['a plan that nobody knows', { ...monthly, items: ['gold'] }],
    ] as [string, Subscription][])('tells %s as it is', async (_, subscription) => {
      bed.sell(subscription);
      expect(await ask()).toEqual(subscription);
    });

    it.each(['down', 'busy', 'garbled'] as const)('asks again where the platform is %s for a moment', async how => {
      bed.sell(monthly);
      bed.fail(how, 2);
      expect(await ask()).toEqual(monthly);
      expect(bed.asked()).toBe(3);
    });

    it.each(['down', 'busy', 'garbled'] as const)('gives up where it stays %s, as a fault that passes', async how => {
      bed.fail(how, 10);
      expect(await fault()).toMatchObject({ name: 'PaymentsFault', passing: true });
      expect(bed.asked()).toBe(3);
    });

    it('does not wait for who asks to be left alone for an hour', async () => {
      bed.fail('busy for long');
      expect(await fault()).toMatchObject({ passing: true });
      expect(bed.asked()).toBe(1);
    });

    it('stops when it is told to, with a fault that passes', async () => {
      bed.fail('silent', 10);
      const stop = new AbortController();
      const asking = fault(stop.signal);
      await expect.poll(() => bed.asked()).toBe(1);
      stop.abort();
      expect(await asking).toMatchObject({ name: 'PaymentsFault', passing: true });
      expect(bed.asked()).toBe(1);
    });

    it.each(['unauthorized', 'in part'] as const)('does not ask again where the answer is: %s', async how => {
      bed.fail(how, 10);
      expect(await fault()).toMatchObject({ name: 'PaymentsFault', passing: false });
      expect(bed.asked()).toBe(1);
    });

    it('keeps the secret, and what the platform wrote, out of its faults', async () => {
      for (const how of ['down', 'garbled', 'in part', 'unauthorized'] as const) {
        bed.fail(how, 3);
        const { message, cause } = (await fault()) as PaymentsFault;
        expect(message).toMatch(/^Shopify’s Partner API /);
        expect(`${message} ${cause}`).not.toContain(bed.secret);
        expect(message).not.toMatch(/Internal error|Unauthorized|doctype/);
      }
    });

    it('leads to where plans are chosen, by https', () => {
      expect(new URL(bed.payments.plansUrl(bed.shopDomain)).protocol).toBe('https:');
    });
  });
}
