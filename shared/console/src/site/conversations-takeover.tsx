import { Button, Modal, TextareaControl } from '@wordpress/components';
import { useEffect, useRef, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { KeyboardEvent } from 'react';
import { TEXT_MAX } from '../../../contract/src/constants.ts';
import type { OwnedConversation, OwnedMessage } from '../../../contract/src/conversation.ts';
import { type ApiError, asApiError, useClient } from '../client.ts';
import { formatMoment, formatNumber } from '../format.ts';
import { Problem } from '../parts.tsx';
import { charactersLeft, type Outgoing, outgoing } from './conversations-news.ts';

/** The relay shows somebody as writing for five seconds. */
const TYPING_EVERY_MS = 3_000;

/** How many characters before the end it is said how many are left. */
const NEAR_END = 200;

type Held = Pick<OwnedConversation, 'id' | 'takenOverBy' | 'takenOverAt'>;

/** Who answers the visitor, and the ways to change that. `changed` is called once it is another. */
export function Takeover({ conversation, changed }: { conversation: Held; changed: () => Promise<void> }) {
  const { id, takenOverBy, takenOverAt } = conversation;
  const { request, may, me } = useClient();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const [isAsking, setAsking] = useState(false);
  if (!me) return null;
  const isMine = takenOverBy?.userId === me.userId;

  const act = async (method: string, query?: { force: boolean }) => {
    setBusy(true);
    setError(undefined);
    try {
      await request(method, `/conversations/${id}/takeover`, query && { query });
      setAsking(false);
    } catch (refusal) {
      const problem = asApiError(refusal);
      setError(problem);
      // Somebody was quicker: what follows shows who.
      setAsking(problem.code === 'taken_over' && !query?.force);
    }
    await changed();
    setBusy(false);
  };

  return (
    <div className={`confab-takeover${isMine ? ' is-mine' : ''}`}>
      <p role="status">{whoAnswers({ takenOverBy, takenOverAt, isMine })}</p>
      {may('agent') && (
        <Button
          variant={takenOverBy ? 'secondary' : 'primary'}
          __next40pxDefaultSize
          isBusy={isBusy}
          disabled={isBusy}
          accessibleWhenDisabled
          onClick={() => (takenOverBy && !isMine ? setAsking(true) : act(isMine ? 'DELETE' : 'POST'))}
        >
          {isMine
            ? __('Hand back to the assistant', 'confab')
            : takenOverBy
              ? sprintf(/* translators: %s: name of a person */ __('Take over from %s', 'confab'), takenOverBy.name)
              : __('Take over', 'confab')}
        </Button>
      )}
      {error && !isAsking && <Problem error={error} />}
      {isAsking && takenOverBy && !isMine && (
        <Modal
          title={sprintf(/* translators: %s: name of a person */ __('Take over from %s?', 'confab'), takenOverBy.name)}
          onRequestClose={() => setAsking(false)}
          size="small"
        >
          <p>
            {sprintf(
              /* translators: %s: name of a person */
              __(
                '%s is talking with this visitor. If you take over, only you can write, and the visitor sees your name.',
                'confab',
              ),
              takenOverBy.name,
            )}
          </p>
          <div className="confab-actions">
            <Button
              variant="primary"
              __next40pxDefaultSize
              isBusy={isBusy}
              disabled={isBusy}
              accessibleWhenDisabled
              onClick={() => act('POST', { force: true })}
            >
              {__('Take over', 'confab')}
            </Button>
            <Button variant="tertiary" __next40pxDefaultSize disabled={isBusy} onClick={() => setAsking(false)}>
              {__('Cancel', 'confab')}
            </Button>
          </div>
        </Modal>
      )}
    </div>
  );
}

function whoAnswers({
  takenOverBy,
  takenOverAt,
  isMine,
}: Pick<Held, 'takenOverBy' | 'takenOverAt'> & { isMine: boolean }): string {
  if (!takenOverBy) return __('The assistant answers this visitor.', 'confab');
  const since = formatMoment(takenOverAt);
  return isMine
    ? sprintf(
        /* translators: %s: date and time */ __(
          'You answer this visitor, since %s. The assistant is silent.',
          'confab',
        ),
        since,
      )
    : sprintf(
        /* translators: 1: name of a person 2: date and time */
        __('%1$s answers this visitor, since %2$s. The assistant is silent.', 'confab'),
        takenOverBy.name,
        since,
      );
}

/**
 * Where whoever has taken over writes. What was typed stays until the relay has it: a message that failed is sent again under
 * the id it had, so that it cannot arrive twice.
 */
export function Composer({
  id,
  text,
  setText,
  sent,
  begun,
}: {
  id: string;
  /** What is typed; kept by whoever shows the field, so that it is still there if the conversation is taken and taken back. */
  text: string;
  setText: (text: string) => void;
  sent: (message: OwnedMessage) => void;
  /** Called once the field is there. */
  begun: () => void;
}) {
  const { request } = useClient();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<ApiError>();
  const failed = useRef<Outgoing>(undefined);
  const typedAt = useRef(0);
  const field = useRef<HTMLTextAreaElement>(null);
  const left = charactersLeft(text, TEXT_MAX);
  const canSend = text.trim() !== '' && left >= 0;

  // Whoever has just taken over means to write.
  useEffect(() => {
    field.current?.focus({ preventScroll: true });
    begun();
  }, [begun]);

  const type = (next: string) => {
    setText(next);
    if (next.trim() === '' || Date.now() - typedAt.current < TYPING_EVERY_MS) return;
    typedAt.current = Date.now();
    // The next key tells it again.
    request('POST', `/conversations/${id}/typing`).catch(() => {});
  };

  const send = async () => {
    if (!canSend || isSending) return;
    const message = outgoing(text, failed.current, () => crypto.randomUUID());
    setSending(true);
    setError(undefined);
    try {
      const { answer } = await request<OwnedMessage>('POST', `/conversations/${id}/messages`, { body: message });
      failed.current = undefined;
      typedAt.current = 0;
      setText('');
      sent(answer);
    } catch (refusal) {
      failed.current = message;
      setError(asApiError(refusal));
    }
    setSending(false);
    field.current?.focus({ preventScroll: true });
  };

  return (
    <form
      className="confab-composer"
      onSubmit={event => {
        event.preventDefault();
        void send();
      }}
    >
      {error && <Problem error={error} retry={() => void send()} />}
      <div className="confab-composer-row">
        <TextareaControl
          ref={field}
          __nextHasNoMarginBottom
          label={__('Your message to the visitor', 'confab')}
          help={
            left > NEAR_END ? __('Enter sends it, Shift and Enter begin a new line.', 'confab') : lengthInWords(left)
          }
          rows={2}
          value={text}
          readOnly={isSending}
          aria-invalid={left < 0}
          onChange={type}
          onKeyDown={(event: KeyboardEvent) => {
            // While a word is being composed, as in Japanese, Enter chooses it.
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
        <Button
          variant="primary"
          __next40pxDefaultSize
          type="submit"
          isBusy={isSending}
          disabled={!canSend || isSending}
          accessibleWhenDisabled
        >
          {__('Send', 'confab')}
        </Button>
      </div>
    </form>
  );
}

const lengthInWords = (left: number) =>
  left >= 0
    ? sprintf(
        /* translators: %s: a number */ _n('%s character left', '%s characters left', left, 'confab'),
        formatNumber(left),
      )
    : sprintf(
        /* translators: %s: a number */
        _n('%s character too many', '%s characters too many', -left, 'confab'),
        formatNumber(-left),
      );
