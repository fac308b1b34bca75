import { Button, TextareaControl, TextControl } from '@wordpress/components';
import { useCallback, useMemo, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { LegalHold } from '../../../../contract/src/retention.ts';
import { useClient } from '../../client.ts';
import { formatMoment } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Done, NotAllowed, Problem } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';

/** Orders to keep data that would be deleted, such as for a court; who gave them, why, and until when. */
export function LegalHolds({ onChange }: { onChange: () => void }) {
  const { request, may, me } = useClient();
  const { act, isBusy, error, said, clear } = useAction();
  const [version, setVersion] = useState(0);
  const [reason, setReason] = useState('');
  const [conversationId, setConversationId] = useState('');
  const [author, setAuthor] = useState(me?.name ?? '');
  const mayChange = may('manager');

  const changed = useCallback(() => {
    setVersion(number => number + 1);
    onChange();
  }, [onChange]);
  const columns: Column<LegalHold>[] = useMemo(
    () => [
      { id: 'createdAt', label: __('Since', 'confab'), show: ({ createdAt }) => formatMoment(createdAt) },
      {
        id: 'scope',
        label: __('What is kept', 'confab'),
        show: ({ conversationId }) =>
          conversationId ? <code>{conversationId}</code> : __('Everything of this site', 'confab'),
      },
      {
        id: 'reason',
        label: __('Why', 'confab'),
        minWidth: 180,
        show: ({ reason }) => (
          <span className="confab-said" dir="auto">
            {reason}
          </span>
        ),
      },
      { id: 'author', label: __('Ordered by', 'confab'), show: ({ author }) => <bdi>{author}</bdi> },
      {
        id: 'state',
        label: __('State', 'confab'),
        show: ({ legalHoldId, releasedAt, releasedBy, reason }) =>
          releasedAt ? (
            <span className="confab-lines">
              <span>{__('Ended', 'confab')}</span>
              <span>{formatMoment(releasedAt)}</span>
              <bdi>{releasedBy}</bdi>
            </span>
          ) : (
            <span className="confab-lines">
              <span>{__('In force', 'confab')}</span>
              {mayChange && author.trim() !== '' && (
                <Button
                  variant="link"
                  onClick={async () => {
                    const end = () => request('DELETE', `/legal-holds/${legalHoldId}`, { body: { author } });
                    if (await act(end, __('The legal hold is ended.', 'confab'))) changed();
                  }}
                >
                  {__('End it', 'confab')} <span className="screen-reader-text">{reason.slice(0, 100)}</span>
                </Button>
              )}
            </span>
          ),
      },
    ],
    [mayChange, author, act, request, changed],
  );

  return (
    <PagedList<LegalHold>
      path="/legal-holds"
      version={version}
      title={__('Legal holds', 'confab')}
      intro={__('What has to be kept for a court or an authority is not deleted while a hold is in force.', 'confab')}
      filters={
        <>
          {error && <Problem error={error} />}
          <Done said={said} onRemove={clear} />
          {mayChange ? (
            <details className="confab-locale">
              <summary>{__('Place a legal hold', 'confab')}</summary>
              <form
                className="confab-form"
                onSubmit={async event => {
                  event.preventDefault();
                  const id = conversationId.trim();
                  const place = () =>
                    request('POST', '/legal-holds', { body: { reason, author, ...(id && { conversationId: id }) } });
                  if (!(await act(place, __('The legal hold is in force.', 'confab')))) return;
                  setReason('');
                  setConversationId('');
                  changed();
                }}
              >
                <TextareaControl
                  __nextHasNoMarginBottom
                  required
                  label={__('Why', 'confab')}
                  help={__('Such as the number of the case. No names of visitors.', 'confab')}
                  rows={2}
                  maxLength={1_000}
                  value={reason}
                  onChange={setReason}
                />
                <TextControl
                  __next40pxDefaultSize
                  __nextHasNoMarginBottom
                  label={__('Number of the conversation', 'confab')}
                  help={__('Empty: everything of this site is kept.', 'confab')}
                  maxLength={36}
                  value={conversationId}
                  onChange={setConversationId}
                />
                <TextControl
                  __next40pxDefaultSize
                  __nextHasNoMarginBottom
                  required
                  label={__('Ordered by', 'confab')}
                  maxLength={200}
                  value={author}
                  onChange={setAuthor}
                />
                <Button
                  variant="secondary"
                  __next40pxDefaultSize
                  type="submit"
                  isBusy={isBusy}
                  disabled={isBusy || !reason.trim() || !author.trim()}
                  accessibleWhenDisabled
                >
                  {__('Place the hold', 'confab')}
                </Button>
              </form>
            </details>
          ) : (
            <NotAllowed needs="manager" />
          )}
        </>
      }
      empty={__('No legal hold was ever placed.', 'confab')}
      columns={columns}
      idOf={({ legalHoldId }) => legalHoldId}
    />
  );
}
