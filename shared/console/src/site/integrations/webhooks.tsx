import { Button, Notice } from '@wordpress/components';
import { useCallback, useMemo, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { WebhookCreated, WebhookEndpoint, WebhookSecret } from '../../../../contract/src/webhooks.ts';
import { useClient } from '../../client.ts';
import { formatMoment, formatNumber } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Done, NotAllowed, Problem } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { WebhookDeliveries } from './webhook-deliveries.tsx';
import { eventName, WebhookForm } from './webhook-form.tsx';

/** The owner's own addresses that are told of what happens; the secret that signs for each is shown once. */
export function Webhooks() {
  const { request, may } = useClient();
  const { act, error, said, clear } = useAction();
  const [version, setVersion] = useState(0);
  const [editing, setEditing] = useState<{ endpoint?: WebhookEndpoint }>();
  const [open, setOpen] = useState<WebhookEndpoint>();
  const [secret, setSecret] = useState<{ url: string; secret: string }>();
  const mayChange = may('manager');

  const change = useCallback(
    async (work: () => Promise<unknown>, done: string) => {
      setSecret(undefined);
      await act(work, done);
      setVersion(number => number + 1);
    },
    [act],
  );

  const columns: Column<WebhookEndpoint>[] = useMemo(
    () => [
      {
        id: 'url',
        label: __('Address', 'confab'),
        minWidth: 180,
        show: ({ url, description }) => (
          <span className="confab-lines">
            <code dir="ltr">{url}</code>
            {description && <span dir="auto">{description}</span>}
          </span>
        ),
      },
      {
        id: 'events',
        label: __('Is told of', 'confab'),
        minWidth: 140,
        show: ({ events }) => (
          <span className="confab-lines">
            {events.map(event => (
              <span key={event}>{eventName(event)}</span>
            ))}
          </span>
        ),
      },
      { id: 'state', label: __('State', 'confab'), minWidth: 180, show: endpoint => <State endpoint={endpoint} /> },
      {
        id: 'actions',
        label: __('What to do', 'confab'),
        minWidth: 160,
        show: endpoint => {
          const { webhookId, url } = endpoint;
          const of = <span className="screen-reader-text">{url}</span>;
          return (
            <span className="confab-row-actions">
              <Button variant="link" onClick={() => setOpen(endpoint)}>
                {__('Deliveries', 'confab')} {of}
              </Button>
              {mayChange && (
                <>
                  <Button
                    variant="link"
                    onClick={() =>
                      change(
                        () => request('POST', `/webhooks/${webhookId}/test`),
                        __('A test message is on its way. Its delivery tells how that went.', 'confab'),
                      ).then(() => setOpen(endpoint))
                    }
                  >
                    {__('Send a test', 'confab')} {of}
                  </Button>
                  <Button variant="link" onClick={() => setEditing({ endpoint })}>
                    {__('Change', 'confab')} {of}
                  </Button>
                  <Button
                    variant="link"
                    onClick={() =>
                      change(
                        async () => {
                          const path = `/webhooks/${webhookId}/secret`;
                          const { answer } = await request<WebhookSecret>('POST', path);
                          setSecret({ url, secret: answer.secret });
                        },
                        __('For a day each message is signed by both secrets, the old one and the new one.', 'confab'),
                      )
                    }
                  >
                    {__('New secret', 'confab')} {of}
                  </Button>
                  <Button
                    variant="link"
                    isDestructive
                    onClick={() =>
                      change(
                        () => request('DELETE', `/webhooks/${webhookId}`),
                        __('The address is told nothing more.', 'confab'),
                      )
                    }
                  >
                    {__('Remove', 'confab')} {of}
                  </Button>
                </>
              )}
            </span>
          );
        },
      },
    ],
    [mayChange, change, request],
  );

  return (
    <>
      <PagedList<WebhookEndpoint>
        path="/webhooks"
        version={version}
        title={__('Webhooks', 'confab')}
        intro={__('Addresses of your own that are told of what happens. Each message is signed.', 'confab')}
        filters={
          <>
            {error && <Problem error={error} />}
            <Done said={said} onRemove={clear} />
            {secret && <Secret {...secret} close={() => setSecret(undefined)} />}
            {mayChange ? (
              <Button variant="secondary" __next40pxDefaultSize onClick={() => setEditing({})}>
                {__('Add an address', 'confab')}
              </Button>
            ) : (
              <NotAllowed needs="manager" />
            )}
          </>
        }
        empty={__('No address is told of anything.', 'confab')}
        columns={columns}
        idOf={({ webhookId }) => webhookId}
      />
      {editing && (
        <WebhookForm
          {...editing}
          close={saved => {
            setEditing(undefined);
            if (!saved) return;
            if ('secret' in saved) setSecret(saved as WebhookCreated);
            setVersion(number => number + 1);
          }}
        />
      )}
      {open && <WebhookDeliveries key={open.webhookId} endpoint={open} close={() => setOpen(undefined)} />}
    </>
  );
}

/** Shown until it is put away; it is never told again. */
function Secret({ url, secret, close }: { url: string; secret: string; close: () => void }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <Notice status="warning" isDismissible={false} className="confab-notice">
      <p>
        {sprintf(
          /* translators: %s: an address */
          __('This is the secret that signs messages to %s. Copy it now: it is not shown again.', 'confab'),
          url,
        )}
      </p>
      <p>
        <code className="confab-hash">{secret}</code>
      </p>
      <div className="confab-actions">
        <Button
          variant="secondary"
          __next40pxDefaultSize
          onClick={() =>
            navigator.clipboard?.writeText(secret).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          {__('Copy', 'confab')}
        </Button>
        <Button variant="tertiary" __next40pxDefaultSize onClick={close}>
          {__('I have it', 'confab')}
        </Button>
        <span role="status">{isCopied && __('Copied.', 'confab')}</span>
      </div>
    </Notice>
  );
}

function State({ endpoint }: { endpoint: WebhookEndpoint }) {
  const { state, disabledReason, lastDeliveredAt, waiting, failed, oldSecretValidUntil } = endpoint;
  return (
    <span className="confab-lines">
      <span className={state === 'failing' ? 'confab-error' : ''}>
        {state === 'disabled'
          ? disabledReason === 'gone'
            ? __('Off: it said that it is gone', 'confab')
            : __('Off', 'confab')
          : state === 'failing'
            ? __('Messages do not arrive', 'confab')
            : __('Ready', 'confab')}
      </span>
      {lastDeliveredAt && (
        <span>
          {sprintf(/* translators: %s: date and time */ __('Last arrived %s', 'confab'), formatMoment(lastDeliveredAt))}
        </span>
      )}
      {waiting > 0 && (
        <span>
          {sprintf(/* translators: %s: a number */ _n('%s waits', '%s wait', waiting, 'confab'), formatNumber(waiting))}
        </span>
      )}
      {failed > 0 && (
        <span>
          {sprintf(
            /* translators: %s: a number */ _n('%s did not arrive', '%s did not arrive', failed, 'confab'),
            formatNumber(failed),
          )}
        </span>
      )}
      {oldSecretValidUntil && (
        <span>
          {sprintf(
            /* translators: %s: date and time */ __('The old secret signs as well until %s', 'confab'),
            formatMoment(oldSecretValidUntil),
          )}
        </span>
      )}
    </span>
  );
}
