import { Button, Notice, TextControl } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { RetentionResponse } from '../../../../contract/src/retention.ts';
import { useClient } from '../../client.ts';
import { formatMoment, formatNumber, wordFor } from '../../format.ts';
import { Facts, Problem, Section, Waiting } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { useLoaded } from '../../use-loaded.ts';

type Windows = RetentionResponse['windows'];

const names = (): [keyof Windows, string][] => [
  ['conversationDays', __('Conversations', 'confab')],
  ['leadDays', __('Contact details', 'confab')],
  ['pageViewDays', __('Page views', 'confab')],
  ['consentDays', __('Consent log', 'confab')],
];

const days = (count: number) =>
  sprintf(/* translators: %s: a number */ _n('%s day', '%s days', count, 'confab'), formatNumber(count));

/** How long each kind of data is kept, and what other times would delete. */
export function Retention() {
  const { request } = useClient();
  const { answer, error, reload } = useLoaded(
    useCallback(async () => (await request<RetentionResponse>('GET', '/retention')).answer, [request]),
  );
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
              ...names().map(([name, label]): [string, string] => [label, days(answer.windows[name])]),
              [__('Next deletion', 'confab'), formatMoment(answer.nextRunAt)],
            ]}
          />
          <Preview windows={answer.windows} />
        </>
      )}
    </Section>
  );
}

/** Tries other times without saving them. */
function Preview({ windows }: { windows: Windows }) {
  const { request } = useClient();
  const { act, isBusy, error } = useAction();
  const [tried, setTried] = useState<Record<keyof Windows, string>>(() => ({
    conversationDays: String(windows.conversationDays),
    leadDays: String(windows.leadDays),
    pageViewDays: String(windows.pageViewDays),
    consentDays: String(windows.consentDays),
  }));
  const [found, setFound] = useState<RetentionResponse>();
  const preview = () =>
    act(async () => {
      setFound(undefined);
      setFound((await request<RetentionResponse>('GET', '/retention', { query: tried })).answer);
    });
  const counts = Object.values(found?.expired ?? {})
    .flatMap(rows => Object.entries(rows))
    .filter(([, count]) => count > 0);
  return (
    <details className="confab-locale">
      <summary>{__('What would other times delete?', 'confab')}</summary>
      <form
        className="confab-filters"
        onSubmit={event => {
          event.preventDefault();
          void preview();
        }}
      >
        {names().map(([name, label]) => (
          <TextControl
            key={name}
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            type="number"
            required
            min={1}
            max={3_650}
            label={sprintf(/* translators: %s: a kind of data */ __('%s, days', 'confab'), label)}
            value={tried[name]}
            onChange={(value: string) => setTried({ ...tried, [name]: value })}
          />
        ))}
        <Button variant="secondary" __next40pxDefaultSize type="submit" isBusy={isBusy} disabled={isBusy}>
          {__('Count', 'confab')}
        </Button>
      </form>
      {error && <Problem error={error} />}
      <div role="status">
        {found &&
          (counts.length === 0 ? (
            <p>{__('With these times nothing would be deleted now.', 'confab')}</p>
          ) : (
            <>
              <p>{__('With these times the next deletion would remove for good:', 'confab')}</p>
              <ul className="confab-list">
                {counts.map(([kind, count]) => (
                  <li key={kind}>
                    {formatNumber(count)} {wordFor(kind)}
                  </li>
                ))}
              </ul>
            </>
          ))}
      </div>
    </details>
  );
}
