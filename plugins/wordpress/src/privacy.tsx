import { Notice } from '@wordpress/components';
import { useCallback } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import { api } from './api.ts';
import { formatMoment, formatNumber } from './format.ts';
import { Facts, Problem, Section, Waiting } from './parts.tsx';
import { useLoaded } from './use-loaded.ts';

/** How long data is kept, and where requests of visitors are answered. The logs come below. */
export function PrivacyOverview() {
  const { answer, error, reload } = useLoaded(useCallback(() => api.retention({}), []));
  const days = (count: number) =>
    sprintf(/* translators: %s: a number */ _n('%s day', '%s days', count, 'confab'), formatNumber(count));
  return (
    <Section
      title={__('How long data is kept', 'confab')}
      intro={__('What is older is deleted every night. The times are in the settings, under Privacy.', 'confab')}
    >
      {!answer && (error ? <Problem error={error} retry={reload} /> : <Waiting />)}
      {answer && (
        <>
          {answer.held && (
            <Notice status="warning" isDismissible={false} className="confab-notice">
              {__('A legal hold is in force: nothing of this site is deleted until it ends.', 'confab')}
            </Notice>
          )}
          <Facts
            facts={[
              [__('Conversations', 'confab'), days(answer.windows.conversationDays)],
              [__('Contact details', 'confab'), days(answer.windows.leadDays)],
              [__('Page views', 'confab'), days(answer.windows.pageViewDays)],
              [__('Consent log', 'confab'), days(answer.windows.consentDays)],
              [__('Next deletion', 'confab'), formatMoment(answer.nextRunAt)],
            ]}
          />
        </>
      )}
      <p>
        {__(
          'Somebody asks for their data, or to be forgotten? Use the tools of WordPress: they reach Confab too.',
          'confab',
        )}{' '}
        <a href="export-personal-data.php">{__('Export Personal Data', 'confab')}</a>{' '}
        <a href="erase-personal-data.php">{__('Erase Personal Data', 'confab')}</a>
      </p>
    </Section>
  );
}
