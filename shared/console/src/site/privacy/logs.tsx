import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { ConsentsPage } from '../../../../contract/src/consent.ts';
import type { DataRequestPage } from '../../../../contract/src/data-request.ts';
import type { PurgesPage } from '../../../../contract/src/retention.ts';
import { usePeriod } from '../../filters.tsx';
import { formatDay, formatMoment, formatNumber, languageName, wordFor } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { VerifyLog } from './verify.tsx';

type DataRequest = DataRequestPage['items'][number];
type Consent = ConsentsPage['items'][number];
type Purge = PurgesPage['items'][number];

/** What was asked for about people's data, and how it was answered. Another version has it read again. */
export function DataRequests({ version }: { version: number }) {
  const period = usePeriod();
  const [requests] = useState<Column<DataRequest>[]>(() => [
    { id: 'receivedAt', label: __('Received', 'confab'), show: ({ receivedAt }) => formatMoment(receivedAt) },
    { id: 'type', label: __('Request', 'confab'), show: ({ type }) => wordFor(type) },
    {
      id: 'source',
      label: __('From', 'confab'),
      show: ({ source, reference }) => [wordFor(source), reference].filter(Boolean).join(', '),
    },
    {
      id: 'status',
      label: __('State', 'confab'),
      show: ({ status, overdue }) =>
        overdue ? (
          <strong className="confab-error">{__('Overdue: ask whoever runs the relay', 'confab')}</strong>
        ) : (
          wordFor(status)
        ),
    },
    { id: 'dueAt', label: __('Due', 'confab'), show: ({ dueAt }) => formatDay(dueAt) },
    { id: 'completedAt', label: __('Completed', 'confab'), show: ({ completedAt }) => formatMoment(completedAt) },
    { id: 'counts', label: __('Concerned', 'confab'), show: ({ counts }) => countsOf(counts) },
    { id: 'retained', label: __('Kept by a legal hold', 'confab'), show: ({ retained }) => countsOf(retained) },
  ]);
  return (
    <PagedList<DataRequest>
      path="/data-requests"
      version={version}
      {...period}
      title={__('Data requests', 'confab')}
      intro={__('What visitors and you asked for, and when it was done. Nobody is named here.', 'confab')}
      empty={__('Nobody has asked for their data yet.', 'confab')}
      columns={requests}
      idOf={({ dataRequestId }) => dataRequestId}
    />
  );
}

/** Every decision of a visitor, which can be checked. */
export function ConsentLog() {
  const period = usePeriod();
  const [consents] = useState<Column<Consent>[]>(() => [
    { id: 'sequence', label: __('Number', 'confab'), show: ({ sequence }) => formatNumber(sequence) },
    { id: 'recordedAt', label: __('Recorded', 'confab'), show: ({ recordedAt }) => formatMoment(recordedAt) },
    { id: 'decision', label: __('Decision', 'confab'), show: ({ decision }) => wordFor(decision) },
    { id: 'purposes', label: __('For', 'confab'), show: ({ purposes }) => purposes.map(wordFor).join(', ') },
    { id: 'source', label: __('By', 'confab'), show: ({ source }) => wordFor(source) },
    { id: 'locale', label: __('Language', 'confab'), show: ({ locale }) => languageName(locale) },
    { id: 'noticeVersion', label: __('Notice', 'confab'), show: ({ noticeVersion }) => <code>{noticeVersion}</code> },
    { id: 'hash', label: __('Fingerprint', 'confab'), show: ({ hash }) => <Hash value={hash} /> },
  ]);
  return (
    <PagedList<Consent>
      path="/consents"
      cursorName="after"
      {...period}
      title={__('Consent log', 'confab')}
      intro={__(
        'Every decision in order. Each record carries the fingerprint of the one before, so that no change stays hidden.',
        'confab',
      )}
      empty={__('No visitor has decided yet.', 'confab')}
      columns={consents}
      idOf={({ id }) => id}
    >
      <VerifyLog path="/consents" query={{ limit: 1_000 }} nextQuery={after => ({ after })} />
      <p className="confab-hint">
        {__(
          'The relay signs the log as well. Whoever runs it can check those signatures, also of a file that was saved earlier:',
          'confab',
        )}{' '}
        <code>npm run confab -- consent verify FILE</code>
      </p>
    </PagedList>
  );
}

/** What the deletions removed, counted. */
export function PurgeCertificates() {
  const period = usePeriod();
  const [purges] = useState<Column<Purge>[]>(() => [
    { id: 'sequence', label: __('Number', 'confab'), show: ({ sequence }) => formatNumber(sequence) },
    { id: 'completedAt', label: __('Completed', 'confab'), show: ({ completedAt }) => formatMoment(completedAt) },
    { id: 'trigger', label: __('Kind', 'confab'), show: ({ trigger }) => wordFor(trigger) },
    {
      id: 'counts',
      label: __('Deleted', 'confab'),
      show: ({ counts, held }) =>
        held
          ? __('Stopped by a legal hold', 'confab')
          : countsOf(Object.assign({}, ...Object.values(counts)) as Record<string, number>),
    },
    { id: 'hash', label: __('Fingerprint', 'confab'), show: ({ hash }) => <Hash value={hash} /> },
  ]);
  return (
    <PagedList<Purge>
      path="/purges"
      {...period}
      title={__('Purge certificates', 'confab')}
      intro={__('What each deletion removed, as numbers.', 'confab')}
      empty={__('Nothing has been purged yet. The first certificate comes after the first night.', 'confab')}
      columns={purges}
      idOf={({ sequence }) => String(sequence)}
    >
      <VerifyLog path="/purges" query={{ limit: 200 }} nextQuery={cursor => ({ cursor })} newestFirst />
    </PagedList>
  );
}

function countsOf(counts: Record<string, number>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length > 0 ? some.map(([kind, count]) => `${wordFor(kind)}: ${formatNumber(count)}`).join(', ') : '–';
}

/** The beginning is enough to compare by eye; the whole is there to be copied. */
const Hash = ({ value }: { value: string }) => <code title={value}>{value.slice(0, 12)}…</code>;
