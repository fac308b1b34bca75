import { Prisma } from '../../../db/database.ts';
import type { PersonalData } from '../../../features/privacy/index.ts';

/**
 * What Shopify told us of people, and the receipts of what was done. Whom one is about is encrypted and goes with the
 * work, so no request finds anything in it; `compliance.ts` takes it away sooner where that person is erased. The rows
 * outlive their site, as proof that it was deleted; `jobs.ts` prunes those that have none.
 */
export const shopifyPersonalData: PersonalData = {
  name: 'shopifyRecords',
  tables: {
    ShopifyWebhook: {
      data: 'Kind, times and outcome of what Shopify told us of a shop, in counts; until it is done, and for a customer’s data request until the owner can have fetched the document, also the customer’s id, e-mail address and phone, encrypted',
      purpose: 'Doing what Shopify asks for on behalf of the shop and its customers, and proving it',
      origin: 'Shopify',
      recipients: 'The site’s owner',
      kept: 'Whom it is about: until it is done, and 30 days for a data request. Receipts of data requests and redactions: the window of consent records (1,095 days), also after the site is gone. The rest: 30 days',
    },
  },
  find: async () => ({ conversationIds: [], contacts: [] }),
  erase: async () => ({}),
  rectify: async () => ({}),
  restrict: async () => ({}),
  windowDays: ({ retention }) => retention.consentDays,

  async countBefore(tx, siteId, cutoff) {
    const [row] = await tx.$queryRaw<{ webhooks: number }[]>`
      SELECT count(*)::int AS "webhooks" FROM "ShopifyWebhook" WHERE ${isOver(siteId, cutoff)}`;
    return { webhooks: row?.webhooks ?? 0 };
  },

  async purgeBefore(tx, siteId, cutoff, limit) {
    const webhooks = await tx.$executeRaw`
      DELETE FROM "ShopifyWebhook" WHERE ("domain", "topic", "eventId") IN (
        SELECT "domain", "topic", "eventId" FROM "ShopifyWebhook" WHERE ${isOver(siteId, cutoff)} LIMIT ${limit})`;
    return { webhooks };
  },
};

/** Of the site's shop, done, and older than the cut-off. */
const isOver = (siteId: string, cutoff: Date) => Prisma.sql`
  "domain" = (SELECT shop."domain" FROM "ShopifyShop" shop WHERE shop."siteId" = ${siteId}::uuid)
  AND "processedAt" < ${cutoff}::timestamptz`;
