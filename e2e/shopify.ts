import './fakes/shopify/rewrite-fetch.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { type FakeShopify, startFakeShopify } from './fakes/shopify/index.ts';
import { startTestRelay, type TestDatabase, type TestRelay } from './relay.ts';

export type ShopifyRelay = {
  relay: TestRelay;
  shopify: FakeShopify;
  /**
   * Waits until every job for Shopify and every delivery that is due has been done, and every webhook on its way has
   * arrived; with `hurry`, also those that wait for a later time.
   */
  jobsDone(options?: { hurry?: boolean }): Promise<void>;
  stop(): Promise<void>;
};

type Job = { name: string; state: string; isDue: boolean };

const PATIENCE_MS = 60_000;

/** A relay that is an app at a Shopify of its own. `env` is for more variables of the relay. */
export async function startShopifyRelay({
  env = {},
  ...options
}: {
  database?: TestDatabase;
  env?: NodeJS.ProcessEnv;
} = {}): Promise<ShopifyRelay> {
  const shopify = await startFakeShopify();
  const relay = await startTestRelay({ ...options, env: { ...shopify.env, ...env } });

  const waiting = (): Promise<Job[]> => relay.db.$queryRaw`
    SELECT name, state::text, start_after <= now() AS "isDue" FROM pgboss.job
    WHERE state < 'completed' AND name LIKE 'shopify.%'
    UNION ALL
    SELECT "target", CASE WHEN "claim" IS NULL THEN 'created' ELSE 'active' END, "nextAt" <= now()
    FROM "Delivery" WHERE "nextAt" IS NOT NULL OR "claim" IS NOT NULL`;

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
            WHERE state < 'active' AND name LIKE 'shopify.%'`;
          await relay.db.$executeRaw`
            UPDATE "Delivery" SET "nextAt" = now()
            WHERE "nextAt" > now() AND "claim" IS NULL AND ("target" = 'shopify' OR "target" LIKE 'event:%')`;
        }
        const jobs = (await waiting()).filter(({ isDue, state }) => isDue || state === 'active');
        if (jobs.length === 0) return;
        if (Date.now() > until) throw new Error(`these jobs do not end: ${JSON.stringify(jobs)}`);
        // A worker may not know yet what a transaction has left for it.
        const queues = new Set(jobs.map(({ name }) => name).filter(name => name.startsWith('shopify.')));
        await Promise.all([...queues].map(name => relay.services.jobs.wake(name)));
        relay.services.outbox.wake();
        await pause(25);
      }
    },
    async stop() {
      await relay.stop();
      await shopify.stop();
    },
  };
}
