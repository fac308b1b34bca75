import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { formatMoment, languageName, wordFor } from '../format.ts';
import { Address } from '../parts.tsx';
import { type Column, PagedList } from './paged-list.tsx';

type Document = {
  externalId: string;
  type: string;
  url: string;
  title: string;
  locale: string | null;
  updatedAt: string;
  syncedAt: string;
};

/** What the relay knows of the site. */
export function Documents() {
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
      name="documents"
      title={__('What the assistant knows', 'confab')}
      empty={__('The relay knows nothing of your site yet. Press “Sync all” above.', 'confab')}
      columns={columns}
      idOf={({ externalId }) => externalId}
    />
  );
}
