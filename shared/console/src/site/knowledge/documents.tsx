import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { DocumentPage } from '../../../../contract/src/documents.ts';
import { usePeriod } from '../../filters.tsx';
import { formatMoment, languageName, wordFor } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Address } from '../../parts.tsx';

type Document = DocumentPage['items'][number];

/** What the relay knows of the site. */
export function Documents({ empty }: { empty: string }) {
  const period = usePeriod();
  const [columns] = useState<Column<Document>[]>(() => [
    {
      id: 'title',
      label: __('Title', 'confab'),
      minWidth: 160,
      show: ({ title, externalId }) => <span dir="auto">{title || externalId}</span>,
    },
    { id: 'type', label: __('Kind', 'confab'), show: ({ type }) => wordFor(type) },
    { id: 'url', label: __('Address', 'confab'), show: ({ url }) => <Address url={url} /> },
    { id: 'locale', label: __('Language', 'confab'), show: ({ locale }) => (locale ? languageName(locale) : '–') },
    { id: 'updatedAt', label: __('Changed', 'confab'), show: ({ updatedAt }) => formatMoment(updatedAt) },
    { id: 'syncedAt', label: __('Synced', 'confab'), show: ({ syncedAt }) => formatMoment(syncedAt) },
  ]);
  return (
    <PagedList<Document>
      path="/documents"
      title={__('What the assistant knows', 'confab')}
      empty={empty}
      {...period}
      columns={columns}
      idOf={({ externalId }) => externalId}
    />
  );
}
