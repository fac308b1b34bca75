import type { BillingRecordPage } from '@confab/contract';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import type { BillingStore } from './store.ts';

/** As Stripe's ids are. */
const INVOICE_ID = /^\w{1,255}$/;

/** What an account was billed, newest first. */
export async function recordsPage(
  store: Pick<BillingStore, 'records'>,
  accountId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<BillingRecordPage> {
  const rows = await store.records(accountId, placeOf(cursor, INVOICE_ID), limit + 1);
  const { page, nextCursor } = pageOf(
    rows.map(row => ({ ...row, id: row.invoiceId })),
    limit,
    ({ issuedAt }) => issuedAt,
  );
  const items = page.map(({ invoiceId, number, status, total, currency, issuedAt }) => ({
    invoiceId,
    accountId,
    number,
    status,
    total: { amount: total, currency },
    issuedAt: issuedAt.toISOString(),
  }));
  return { items, nextCursor };
}
