import { __, sprintf } from '@wordpress/i18n';
import { type Query, useClient } from './client.ts';

/** Downloads a whole list for a spreadsheet, as far as the filter lets it through. */
export function CsvLink({ path, query, of }: { path: string; query?: Query | undefined; of: string }) {
  const { download } = useClient();
  return (
    <p className="confab-download">
      <a href={download(path, { ...query, format: 'csv' })} download>
        {__('Download as CSV', 'confab')}
        <span className="screen-reader-text">{sprintf(/* translators: %s: a list */ __('(%s)', 'confab'), of)}</span>
      </a>
    </p>
  );
}
