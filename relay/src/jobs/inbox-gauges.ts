import type { Db } from '../db/database.ts';
import { type Gauges, shared } from '../lib/metrics.ts';

const SENDERS = ['shopify', 'stripe'] as const;
type Unprocessed = { sender: string; count: number; since: Date | null };

/** What others told us, was acknowledged, and is not done yet: by one query. */
export function inboxGauges({ db, now }: { db: Db; now: () => Date }): Gauges {
  const unprocessed = shared(
    () => db.$queryRaw<Unprocessed[]>`
      SELECT 'shopify' AS "sender", count(*)::int AS "count", min("receivedAt") AS "since"
      FROM "ShopifyWebhook" WHERE "processedAt" IS NULL
      UNION ALL
      SELECT 'stripe', count(*)::int, min("receivedAt") FROM "StripeEvent" WHERE "processedAt" IS NULL`,
  );
  const labels = { sender: SENDERS };
  return {
    confab_webhooks_unprocessed: {
      help: 'Webhooks that were taken from Shopify and Stripe and are not done yet.',
      labels,
      read: async () => (await unprocessed()).map(({ sender, count }) => ({ labels: { sender }, value: count })),
    },
    confab_webhooks_oldest_unprocessed_seconds: {
      help: 'Since when the oldest of those is there.',
      labels,
      read: async () =>
        (await unprocessed()).map(({ sender, since }) => ({
          labels: { sender },
          value: since ? Math.max(0, now().getTime() - since.getTime()) / 1_000 : 0,
        })),
    },
  };
}
