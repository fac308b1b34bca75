import { Button, CheckboxControl, Modal, SelectControl, TextControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { DataRequestResponse, DataRequestType } from '../../../../contract/src/data-request.ts';
import { useClient } from '../../client.ts';
import { formatNumber, wordFor } from '../../format.ts';
import { Problem } from '../../parts.tsx';
import { saveFile } from '../../save-file.ts';
import { useAction } from '../../use-action.ts';
import { type RequestDraft, requestOf, whatIsMissing } from './request-draft.ts';

const TYPES: DataRequestType[] = ['access', 'portability', 'rectification', 'restriction', 'erasure'];

/** Does what a person asked for about their data: finds them by what they are known by, and says what came of it. */
export function RequestForm({ close }: { close: (wasDone: boolean) => void }) {
  const { request } = useClient();
  const { act, isBusy, error } = useAction();
  const [draft, setDraft] = useState<RequestDraft>({ type: 'access' });
  const [isSure, setSure] = useState(false);
  const [done, setDone] = useState<DataRequestResponse>();
  const change = (part: Partial<RequestDraft>) => setDraft({ ...draft, ...part });
  const missing = whatIsMissing(draft);

  const send = () =>
    act(async () =>
      setDone((await request<DataRequestResponse>('POST', '/data-requests', { body: requestOf(draft) })).answer),
    );

  const field = (name: Exclude<keyof RequestDraft, 'type' | 'restricted'>, label: string, help?: string) => (
    <TextControl
      __next40pxDefaultSize
      __nextHasNoMarginBottom
      label={label}
      help={help}
      value={draft[name] ?? ''}
      maxLength={320}
      autoComplete="off"
      onChange={(value: string) => change({ [name]: value })}
    />
  );

  return (
    <Modal
      title={__('A person asks about their data', 'confab')}
      onRequestClose={() => !isBusy && close(done !== undefined)}
      shouldCloseOnClickOutside={false}
      size="medium"
    >
      {done ? (
        <Result done={done} close={() => close(true)} />
      ) : (
        <form
          className="confab-form"
          onSubmit={event => {
            event.preventDefault();
            if (!missing && !isBusy) void send();
          }}
        >
          {error && <Problem error={error} />}
          <SelectControl
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            label={__('What they ask for', 'confab')}
            value={draft.type}
            options={TYPES.map(value => ({ value, label: wordFor(value) }))}
            onChange={(type: string) => change({ type: type as DataRequestType })}
          />
          <p className="confab-help">
            {__(
              'First make sure that it is really them who ask. One of these is enough; several must be of the same person.',
              'confab',
            )}
          </p>
          {field('email', __('Their e-mail address', 'confab'))}
          {field('phone', __('Their telephone number', 'confab'))}
          {field('conversationId', __('Number of their conversation', 'confab'))}
          {field('externalId', __('Their customer number at your shop', 'confab'))}
          {draft.type === 'rectification' && (
            <>
              {field('newName', __('Their name as it shall be', 'confab'), __('Empty: stays as it is.', 'confab'))}
              {field('newEmail', __('Their e-mail address as it shall be', 'confab'))}
              {field('newPhone', __('Their telephone number as it shall be', 'confab'))}
            </>
          )}
          {draft.type === 'restriction' && (
            <CheckboxControl
              __nextHasNoMarginBottom
              label={__('Lift the restriction: their data may be used again', 'confab')}
              checked={draft.restricted === false}
              onChange={(isLifted: boolean) => change({ restricted: !isLifted })}
            />
          )}
          {field(
            'reference',
            __('Your own reference', 'confab'),
            __('Such as ticket-17. No names or addresses: it is kept in the log of requests.', 'confab'),
          )}
          {draft.type === 'erasure' && (
            <CheckboxControl
              __nextHasNoMarginBottom
              label={__('I understand that what is erased cannot be brought back.', 'confab')}
              checked={isSure}
              onChange={setSure}
            />
          )}
          {missing && <p className="confab-hint">{missing}</p>}
          <div className="confab-actions">
            <Button
              variant="primary"
              isDestructive={draft.type === 'erasure'}
              __next40pxDefaultSize
              type="submit"
              isBusy={isBusy}
              disabled={isBusy || missing !== undefined || (draft.type === 'erasure' && !isSure)}
              accessibleWhenDisabled
            >
              {wordFor(draft.type)}
            </Button>
            <Button variant="tertiary" __next40pxDefaultSize disabled={isBusy} onClick={() => close(false)}>
              {__('Cancel', 'confab')}
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}

function Result({ done: { result }, close }: { done: DataRequestResponse; close: () => void }) {
  const counts = Object.entries(result.counts).filter(([, count]) => count > 0);
  const retained = 'retained' in result ? Object.entries(result.retained).filter(([, count]) => count > 0) : [];
  return (
    <div role="status">
      {counts.length === 0 && retained.length === 0 ? (
        <p>{__('Nothing is held about this person.', 'confab')}</p>
      ) : (
        <>
          <p>{__('It is done. This was found:', 'confab')}</p>
          <ul className="confab-list">
            {counts.map(([kind, count]) => (
              <li key={kind}>
                {formatNumber(count)} {wordFor(kind)}
              </li>
            ))}
            {retained.map(([kind, count]) => (
              <li key={`kept ${kind}`}>
                {formatNumber(count)} {wordFor(kind)} ({__('kept by a legal hold', 'confab')})
              </li>
            ))}
          </ul>
        </>
      )}
      <div className="confab-actions">
        {'format' in result && (
          <Button
            variant="primary"
            __next40pxDefaultSize
            onClick={() => saveFile('personal-data.json', 'application/json', JSON.stringify(result, null, 2))}
          >
            {__('Save the data', 'confab')}
          </Button>
        )}
        <Button variant="tertiary" __next40pxDefaultSize onClick={close}>
          {__('Close', 'confab')}
        </Button>
      </div>
    </div>
  );
}
