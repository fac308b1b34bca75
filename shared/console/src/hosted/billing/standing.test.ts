import type { BillingResponse } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { isConfirmed, isRunning, nearnessOf, percentOf } from './standing.ts';

type Subscription = NonNullable<BillingResponse['subscription']>;

describe('what is used', () => {
  it.each([
    [7_000_000, null, 'unlimited'],
    [0, 100, 'fine'],
    [79, 100, 'fine'],
    [80, 100, 'near'],
    [99, 100, 'near'],
    [100, 100, 'reached'],
    [101, 100, 'over'],
    [0, 0, 'reached'],
  ])('%i of %s is %s', (used, limit, nearness) => {
    expect(nearnessOf({ used, limit })).toBe(nearness);
  });

  it('is never 100 % as long as anything is left', () => {
    expect(percentOf({ used: 9_999, limit: 10_000 })).toBe(99);
    expect(percentOf({ used: 10_000, limit: 10_000 })).toBe(100);
    expect(percentOf({ used: 0, limit: 0 })).toBe(100);
  });
});

describe('a subscription', () => {
  const of = (status: Subscription['status']) => ({ status }) as Subscription;

  it('is changed as long as it runs, and begins at Checkout otherwise', () => {
    expect(
      (['trialing', 'active', 'past_due', 'unpaid', 'incomplete', 'paused'] as const).map(of).every(isRunning),
    ).toBe(true);
    expect(isRunning(of('canceled'))).toBe(false);
    expect(isRunning(null)).toBe(false);
  });

  it('is confirmed once it is active or on trial', () => {
    const confirmed = (subscription: Subscription | null) => isConfirmed({ subscription } as BillingResponse);
    expect([of('active'), of('trialing')].every(confirmed)).toBe(true);
    expect([null, of('incomplete'), of('canceled'), of('past_due')].some(confirmed)).toBe(false);
  });
});
