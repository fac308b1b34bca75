import { setTimeout as pause } from 'node:timers/promises';
import type { Cashier, Price } from '../../providers/payments/cashier.ts';

const CACHE_MS = 10 * 60 * 1_000;
const SOON_MS = 2_000;

export type Prices = ReturnType<typeof createPrices>;

type Deps = { cashier: Pick<Cashier, 'prices'>; lookupKeys: string[]; now: () => Date };

/** What the plans cost at this moment; asked for every ten minutes at most, by whoever needs it. */
export function createPrices({ cashier, lookupKeys, now }: Deps) {
  let known: { prices: Price[]; until: number } | undefined;
  let asking: Promise<Price[]> | undefined;

  const ask = async () => {
    const prices = await cashier.prices(lookupKeys);
    known = { prices, until: now().getTime() + CACHE_MS };
    return prices;
  };

  return {
    /** Where they cannot be asked for, those that were known last; throws where there are none. */
    async all(): Promise<Price[]> {
      if (known && known.until > now().getTime()) return known.prices;
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking.catch(fault => {
        if (known) return known.prices;
        throw fault;
      });
    },

    /** The same for a screen, which does not wait for whoever does not answer: what is known then. */
    soon(): Promise<Price[]> {
      return Promise.race([this.all(), pause(SOON_MS, undefined, { ref: false }).then(() => known?.prices ?? [])]);
    },
  };
}
