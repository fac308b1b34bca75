import type { BillingRecord } from '@confab/contract';
import { __ } from '@wordpress/i18n';
import { formatDay } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { formatMoney } from './money.ts';

/** The invoices, as they are kept for the law. */
export default function Records() {
  const columns: Column<BillingRecord>[] = [
    { id: 'issued', label: __('Date', 'confab'), show: ({ issuedAt }) => formatDay(issuedAt) },
    { id: 'number', label: __('Number', 'confab'), show: ({ number }) => <bdi>{number ?? '–'}</bdi> },
    { id: 'status', label: __('State', 'confab'), show: ({ status }) => statusName(status) },
    { id: 'total', label: __('Total', 'confab'), show: ({ total }) => formatMoney(total) },
  ];
  return (
    <PagedList
      path="/billing/records"
      title={__('Billing records', 'confab')}
      intro={__(
        'Kept for seven years, as the law asks, also when the account is deleted. The invoices themselves are at Stripe.',
        'confab',
      )}
      empty={__('No invoice has been issued yet.', 'confab')}
      columns={columns}
      idOf={({ invoiceId }) => invoiceId}
      csv={false}
    />
  );
}

/** What became of an invoice, as Stripe names it. */
const statusName = (status: string): string =>
  ({
    draft: __('Being made', 'confab'),
    open: __('Open', 'confab'),
    paid: __('Paid', 'confab'),
    uncollectible: __('Not paid', 'confab'),
    void: __('Void', 'confab'),
  })[status] ?? status;
