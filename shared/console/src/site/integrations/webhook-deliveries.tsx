import { Button } from '@wordpress/components';
import { useMemo, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { WebhookDelivery, WebhookEndpoint } from '../../../../contract/src/webhooks.ts';
import { useClient } from '../../client.ts';
import { faultWords } from '../../delivery.ts';
import { formatMoment, formatNumber } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Done, Problem } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { eventName } from './webhook-form.tsx';

/** What one address was told, or is still to be, and a way to have it told once more. */
export function WebhookDeliveries({ endpoint, close }: { endpoint: WebhookEndpoint; close: () => void }) {
  const { webhookId, url } = endpoint;
  const { request, may } = useClient();
  const { act, error, said, clear } = useAction();
  const [version, setVersion] = useState(0);
  const mayChange = may('manager');

  const columns: Column<WebhookDelivery>[] = useMemo(
    () => [
      { id: 'createdAt', label: __('Happened', 'confab'), show: ({ createdAt }) => formatMoment(createdAt) },
      {
        id: 'type',
        label: __('Message', 'confab'),
        minWidth: 180,
        show: ({ type, messageId, body }) => (
          <span className="confab-lines">
            <span>{eventName(type)}</span>
            {body && (
              <details>
                <summary>
                  {__('What was sent', 'confab')} <span className="screen-reader-text">{messageId}</span>
                </summary>
                <pre className="confab-code">{JSON.stringify(body, null, 2)}</pre>
              </details>
            )}
          </span>
        ),
      },
      {
        id: 'state',
        label: __('State', 'confab'),
        minWidth: 180,
        show: ({ state, attempts, log, nextAt, deliveredAt }) => {
          const last = log.at(-1);
          return (
            <span className="confab-lines">
              <span>{stateInWords(state)}</span>
              {deliveredAt && <span>{formatMoment(deliveredAt)}</span>}
              {last && last.outcome !== 'delivered' && (
                <span className="confab-error" dir="auto">
                  {faultWords(last)}
                </span>
              )}
              <span>{sprintf(/* translators: %s: a number */ __('Tries: %s', 'confab'), formatNumber(attempts))}</span>
              {state === 'waiting' && nextAt && (
                <span>
                  {sprintf(/* translators: %s: date and time */ __('Next try: %s', 'confab'), formatMoment(nextAt))}
                </span>
              )}
            </span>
          );
        },
      },
      ...(mayChange
        ? [
            {
              id: 'actions',
              label: __('What to do', 'confab'),
              show: ({ messageId }: WebhookDelivery) => (
                <Button
                  variant="link"
                  onClick={async () => {
                    const replay = () => request('POST', `/webhooks/${webhookId}/deliveries/${messageId}/replay`);
                    await act(replay, __('The message is sent once more.', 'confab'));
                    setVersion(number => number + 1);
                  }}
                >
                  {__('Send once more', 'confab')} <span className="screen-reader-text">{messageId}</span>
                </Button>
              ),
            },
          ]
        : []),
    ],
    [mayChange, act, request, webhookId],
  );

  return (
    <PagedList<WebhookDelivery>
      path={`/webhooks/${webhookId}/deliveries`}
      version={version}
      title={sprintf(/* translators: %s: an address */ __('Deliveries to %s', 'confab'), url)}
      intro={__('Of the last 30 days. Personal values are not shown here.', 'confab')}
      filters={
        <>
          <Button variant="tertiary" __next40pxDefaultSize onClick={close}>
            {__('Close', 'confab')}
          </Button>
          {error && <Problem error={error} />}
          <Done said={said} onRemove={clear} />
        </>
      }
      empty={__('It was told nothing yet.', 'confab')}
      columns={columns}
      idOf={({ messageId }) => messageId}
      changesSoon={({ state, attempts }) => state === 'waiting' && attempts === 0}
    />
  );
}

function stateInWords(state: WebhookDelivery['state']): string {
  return {
    waiting: __('Waits', 'confab'),
    delivered: __('Arrived', 'confab'),
    failed: __('Did not arrive', 'confab'),
    held: __('Held back', 'confab'),
  }[state];
}
