import { type Jobs, NotYet } from '../../jobs/jobs.ts';
import { isPassing, ShopifyFault } from './fault.ts';
import type { Installations } from './install.ts';
import { SHOPIFY_SHOP, SHOPIFY_SHOPS } from './jobs.ts';
import type { Shops } from './shops.ts';

/** In UTC, before the night's other work. */
const AT_NIGHT = '43 0 * * *';

type Deps = { shops: Pick<Shops, 'installed'> } & Pick<Installations, 'shopChanged'>;

/** Keeps what shops and relay know of each other's address true, also where news got lost or the relay has moved. */
export function handleInstallJobs(jobs: Jobs, { shops, shopChanged }: Deps): void {
  jobs.handle(SHOPIFY_SHOP, async ({ domain = '' }) => {
    try {
      await shopChanged(domain);
    } catch (error) {
      if (isPassing(error)) throw new NotYet(error.message);
      // Until a merchant opens the app there is nothing to be done, and then it is done by that.
      if (!(error instanceof ShopifyFault && ['needs_merchant', 'not_installed'].includes(error.kind))) throw error;
    }
  });

  jobs.handle(SHOPIFY_SHOPS, async (_, signal) => {
    for await (const { domain } of shops.installed()) {
      signal.throwIfAborted();
      await jobs.enqueue(SHOPIFY_SHOP, { domain }, { key: domain });
    }
  });
  jobs.schedule(SHOPIFY_SHOPS, AT_NIGHT);
}
