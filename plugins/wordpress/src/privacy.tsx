import { __ } from '@wordpress/i18n';

/** Where WordPress answers people who ask for their data. */
export function WordpressTools() {
  return (
    <p>
      {__(
        'Somebody asks for their data, or to be forgotten? Use the tools of WordPress: they reach Confab too.',
        'confab',
      )}{' '}
      <a href="export-personal-data.php">{__('Export Personal Data', 'confab')}</a>{' '}
      <a href="erase-personal-data.php">{__('Erase Personal Data', 'confab')}</a>
    </p>
  );
}
