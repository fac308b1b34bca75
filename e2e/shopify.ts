import './fakes/shopify/rewrite-fetch.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { LEAD_CREATED } from '@confab/relay/features/leads/jobs.ts';
import { type FakeShopify, startFakeShopify } from './fakes/shopify/index.ts';
import { startTestRelay, type TestDatabase, type TestRelay } from './relay.ts';

export type ShopifyRelay = {
  relay: TestRelay;
  shopify: FakeShopify;
  /**
   * Waits until every job for Shopify that is due has been done, and every webhook on its way has arrived; with `hurry`,
   * also those jobs that wait for a later time.
   */
  jobsDone(options?: { hurry?: boolean }): Promise<void>;
  stop(): Promise<void>;
};

type Job = { name: string; state: string; isDue: boolean };

const PATIENCE_MS = 60_000;

/** A relay that is an app at a Shopify of its own. `env` is for more variables of the relay. */
export async function startShopifyRelay({
  database = 'embedded',
  env = {},
}: {
  database?: TestDatabase;
  env?: NodeJS.ProcessEnv;
} = {}): Promise<ShopifyRelay> {
  const shopify = await startFakeShopify();
  const relay = await startTestRelay({ database, env: { ...shopify.env, ...env } });

  const waiting = (): Promise<Job[]> => relay.db.$queryRaw`
    SELECT name, state::text, start_after <= now() AS "isDue" FROM pgboss.job
    WHERE state < 'completed' AND (name LIKE 'shopify.%' OR name = ${LEAD_CREATED})`;

  return {
    relay,
    shopify,
    async jobsDone({ hurry = false } = {}) {
      const until = Date.now() + PATIENCE_MS;
      for (;;) {
        await shopify.delivered();
        if (hurry) {
          await relay.db.$executeRaw`
            UPDATE pgboss.job SET start_after = now()
            WHERE state < 'active' AND (name LIKE 'shopify.%' OR name = ${LEAD_CREATED})`;
        }
        const jobs = (await waiting()).filter(({ isDue, state }) => isDue || state === 'active');
        if (jobs.length === 0) return;
        if (Date.now() > until) throw new Error(`these jobs do not end: ${JSON.stringify(jobs)}`);
        // A worker may not know yet what a transaction has left for it.
        await Promise.all([...new Set(jobs.map(({ name }) => name))].map(name => relay.services.jobs.wake(name)));
        await pause(25);
      }
    },
    async stop() {
      await relay.stop();
      await shopify.stop();
    },
  };
}
