import { Button, Modal, TextareaControl, TextControl } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { LegalHold, LegalHoldsPage } from '../../../contract/src/retention.ts';
import { useClient } from '../client.ts';
import { formatMoment } from '../format.ts';
import { Problem } from '../parts.tsx';
import { useAction } from '../use-action.ts';
import { useLoaded } from '../use-loaded.ts';

/** Holds are few: orders of a court or an authority. */
const HOLDS_READ = 200;

/** What may be done with a conversation as personal data: kept by a legal hold, exported, erased. For managers only. */
export function DataActions({ id, erased }: { id: string; erased: () => void }) {
  const { request, download, may } = useClient();
  const [open, setOpen] = useState<'hold' | 'end' | 'erase'>();
  const { answer, error, reload } = useLoaded(
    useCallback(async () => {
      const query = { limit: HOLDS_READ };
      const { items } = (await request<LegalHoldsPage>('GET', '/legal-holds', { query })).answer;
      return items.filter(hold => hold.releasedAt === null);
    }, [request]),
  );
  const own = answer?.find(({ conversationId }) => conversationId === id);
  const ofSite = answer?.find(({ conversationId }) => conversationId === null);
  const done = () => {
    setOpen(undefined);
    reload();
  };
  return (
    <>
      {own && (
        <p className="confab-held">
          {sprintf(
            /* translators: 1: name of a person 2: date and time 3: the reason they gave */
            __('A legal hold keeps this conversation, placed by %1$s on %2$s: %3$s', 'confab'),
            own.author,
            formatMoment(own.createdAt),
            own.reason,
          )}
        </p>
      )}
      {ofSite && (
        <p className="confab-held">
          {__('A legal hold keeps everything of this site. It is ended on the screen Privacy.', 'confab')}
        </p>
      )}
      {error && <Problem error={error} retry={reload} />}
      {may('manager') && (
        <div className="confab-actions confab-data-actions">
          <a
            className="components-button is-secondary is-compact"
            href={download(`/conversations/${id}/export`)}
            download
          >
            {__('Export', 'confab')}
          </a>
          {answer && (
            <Button variant="secondary" size="compact" onClick={() => setOpen(own ? 'end' : 'hold')}>
              {own ? __('End the legal hold', 'confab') : __('Place a legal hold', 'confab')}
            </Button>
          )}
          <Button variant="secondary" size="compact" isDestructive onClick={() => setOpen('erase')}>
            {__('Erase', 'confab')}
          </Button>
        </div>
      )}
      {open === 'hold' && <HoldForm id={id} close={() => setOpen(undefined)} done={done} />}
      {open === 'end' && own && <EndForm hold={own} close={() => setOpen(undefined)} done={done} />}
      {open === 'erase' && <EraseForm id={id} close={() => setOpen(undefined)} erased={erased} />}
    </>
  );
}

type Closing = { close: () => void; done: () => void };

function HoldForm({ id, close, done }: { id: string } & Closing) {
  const { request, me } = useClient();
  const { isBusy, error, act } = useAction();
  const [reason, setReason] = useState('');
  const [author, setAuthor] = useState(me?.name ?? '');
  const isComplete = reason.trim() !== '' && author.trim() !== '';
  const place = async () => {
    const body = { conversationId: id, reason, author };
    if (await act(() => request('POST', '/legal-holds', { body }))) done();
  };
  return (
    <Modal title={__('Place a legal hold', 'confab')} onRequestClose={() => !isBusy && close()} size="medium">
      <form
        className="confab-form"
        onSubmit={event => {
          event.preventDefault();
          if (isComplete && !isBusy) void place();
        }}
      >
        <p>
          {__(
            'While it is held, nobody can erase this conversation, neither the visitor nor the nightly deletion. Do this only where the law demands it, such as for a dispute.',
            'confab',
          )}
        </p>
        {error && <Problem error={error} />}
        <TextareaControl
          __nextHasNoMarginBottom
          label={__('Reason', 'confab')}
          help={__('Such as the number of the case. Without what the visitor said.', 'confab')}
          rows={2}
          maxLength={1_000}
          value={reason}
          onChange={setReason}
        />
        <TextControl
          __nextHasNoMarginBottom
          __next40pxDefaultSize
          label={__('Who orders it', 'confab')}
          maxLength={200}
          value={author}
          onChange={setAuthor}
        />
        <Buttons isBusy={isBusy} isReady={isComplete} close={close} what={__('Place the hold', 'confab')} />
      </form>
    </Modal>
  );
}

function EndForm({ hold, close, done }: { hold: LegalHold } & Closing) {
  const { request, me } = useClient();
  const { isBusy, error, act } = useAction();
  const [author, setAuthor] = useState(me?.name ?? '');
  const end = async () => {
    if (await act(() => request('DELETE', `/legal-holds/${hold.legalHoldId}`, { body: { author } }))) done();
  };
  return (
    <Modal title={__('End the legal hold', 'confab')} onRequestClose={() => !isBusy && close()} size="medium">
      <form
        className="confab-form"
        onSubmit={event => {
          event.preventDefault();
          if (author.trim() !== '' && !isBusy) void end();
        }}
      >
        <p>{__('The conversation can be erased again then, and is deleted when its time is over.', 'confab')}</p>
        {error && <Problem error={error} />}
        <TextControl
          __nextHasNoMarginBottom
          __next40pxDefaultSize
          label={__('Who ends it', 'confab')}
          maxLength={200}
          value={author}
          onChange={setAuthor}
        />
        <Buttons isBusy={isBusy} isReady={author.trim() !== ''} close={close} what={__('End the hold', 'confab')} />
      </form>
    </Modal>
  );
}

function EraseForm({ id, close, erased }: { id: string; close: () => void; erased: () => void }) {
  const { request } = useClient();
  const { isBusy, error, act } = useAction();
  const [typed, setTyped] = useState('');
  /* translators: what one types to confirm an erasure; one word in small letters */
  const word = __('erase', 'confab');
  const isSure = typed.trim().toLocaleLowerCase() === word;
  const erase = async () => {
    if (await act(() => request('DELETE', `/conversations/${id}`))) erased();
  };
  return (
    <Modal title={__('Erase this conversation?', 'confab')} onRequestClose={() => !isBusy && close()} size="medium">
      <form
        className="confab-form"
        onSubmit={event => {
          event.preventDefault();
          if (isSure && !isBusy) void erase();
        }}
      >
        <p>
          {__(
            'The conversation goes for good with everything that belongs to it: its messages, and the contact details that were left in it, also at the CRMs that got them. Nobody can bring it back.',
            'confab',
          )}
        </p>
        {error && <Problem error={error} />}
        {error?.code === 'legal_hold' && (
          <p className="confab-hint">
            {__('End the legal hold first, if the reason for it is gone. Until then it must be kept.', 'confab')}
          </p>
        )}
        <TextControl
          __nextHasNoMarginBottom
          __next40pxDefaultSize
          label={sprintf(/* translators: %s: the word "erase" */ __('Type “%s” to confirm', 'confab'), word)}
          autoComplete="off"
          value={typed}
          onChange={setTyped}
        />
        <Buttons isBusy={isBusy} isReady={isSure} close={close} what={__('Erase', 'confab')} isDestructive />
      </form>
    </Modal>
  );
}

function Buttons({
  isBusy,
  isReady,
  close,
  what,
  isDestructive = false,
}: {
  isBusy: boolean;
  isReady: boolean;
  close: () => void;
  what: string;
  isDestructive?: boolean;
}) {
  return (
    <div className="confab-actions">
      <Button
        variant="primary"
        __next40pxDefaultSize
        type="submit"
        isDestructive={isDestructive}
        isBusy={isBusy}
        disabled={!isReady || isBusy}
        accessibleWhenDisabled
      >
        {what}
      </Button>
      <Button variant="tertiary" __next40pxDefaultSize disabled={isBusy} onClick={close}>
        {__('Cancel', 'confab')}
      </Button>
    </div>
  );
}
