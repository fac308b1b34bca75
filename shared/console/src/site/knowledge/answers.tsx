import { Button } from '@wordpress/components';
import { useCallback, useMemo, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { UnansweredPage } from '../../../../contract/src/conversation.ts';
import type { Entry } from '../../../../contract/src/entries.ts';
import { useClient } from '../../client.ts';
import { usePeriod } from '../../filters.tsx';
import { formatMoment } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Address, Done, NotAllowed, Problem } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { EntryForm, type Writing } from './entry-form.tsx';

type Unanswered = UnansweredPage['items'][number];

const blank = { question: '', answer: '', links: [] };

/** What visitors asked and were not told, and what the owner wrote so that they are. */
export function Answers() {
  const [writing, setWriting] = useState<Writing>();
  const { request, may } = useClient();
  const { act: doIt, error, said, clear } = useAction();
  const asked = usePeriod();
  const told = usePeriod();
  // A list that something was done to is read anew.
  const [version, setVersion] = useState(0);

  const act = useCallback(
    async (work: () => Promise<unknown>, done: string) => {
      await doIt(work, done);
      setVersion(number => number + 1);
    },
    [doIt],
  );
  const mayWrite = may('agent');

  const open: Column<Unanswered>[] = useMemo(
    () => [
      {
        id: 'question',
        label: __('Question', 'confab'),
        minWidth: 240,
        show: ({ question }) => (
          <span className="confab-said" dir="auto">
            {question}
          </span>
        ),
      },
      { id: 'createdAt', label: __('Asked', 'confab'), show: ({ createdAt }) => formatMoment(createdAt) },
      {
        id: 'actions',
        label: __('What to do', 'confab'),
        show: ({ question, messageId }) => (
          <span className="confab-row-actions">
            <Button variant="link" onClick={() => setWriting({ draft: { ...blank, question, messageId } })}>
              {__('Write an answer', 'confab')} <span className="screen-reader-text">{named(question)}</span>
            </Button>
            <Button
              variant="link"
              onClick={() =>
                act(() => request('POST', `/unanswered/${messageId}`), __('The question is off the list.', 'confab'))
              }
            >
              {__('Take off the list', 'confab')} <span className="screen-reader-text">{named(question)}</span>
            </Button>
          </span>
        ),
      },
    ],
    [act, request],
  );
  const written: Column<Entry>[] = useMemo(
    () => [
      {
        id: 'question',
        label: __('Question', 'confab'),
        minWidth: 200,
        show: ({ question }) => (
          <strong className="confab-said" dir="auto">
            {question}
          </strong>
        ),
      },
      {
        id: 'answer',
        label: __('Answer', 'confab'),
        minWidth: 240,
        show: ({ answer, links: [link] }) => (
          <span className="confab-lines" dir="auto">
            <span className="confab-said">{answer}</span>
            {link && <Address url={link.url} />}
          </span>
        ),
      },
      {
        id: 'actions',
        label: __('What to do', 'confab'),
        show: entry => (
          <span className="confab-row-actions">
            <Button variant="link" onClick={() => setWriting({ draft: draftOf(entry), entry })}>
              {__('Change', 'confab')} <span className="screen-reader-text">{named(entry.question)}</span>
            </Button>
            <Button
              variant="link"
              isDestructive
              onClick={() =>
                act(() => request('DELETE', `/entries/${entry.entryId}`), __('The answer is removed.', 'confab'))
              }
            >
              {__('Remove', 'confab')} <span className="screen-reader-text">{named(entry.question)}</span>
            </Button>
          </span>
        ),
      },
    ],
    [act, request],
  );

  return (
    <>
      {error && <Problem error={error} />}
      <Done said={said} onRemove={clear} />
      {!mayWrite && <NotAllowed needs="agent" />}
      <PagedList<Unanswered>
        path="/unanswered"
        version={version}
        {...asked}
        title={__('Questions without an answer', 'confab')}
        intro={__(
          'What visitors asked and your pages do not tell; of visitors only who agreed that their chat is stored. What you write here is known a moment later.',
          'confab',
        )}
        empty={__('There is none: everything that was asked so far found its answer.', 'confab')}
        columns={mayWrite ? open : withoutActions(open)}
        idOf={({ messageId }) => messageId}
      />
      <PagedList<Entry>
        path="/entries"
        version={version}
        {...told}
        title={__('Your own answers', 'confab')}
        intro={
          <>
            {__('What the assistant shall know beside your pages, as questions and answers.', 'confab')}{' '}
            {mayWrite && (
              <Button variant="secondary" size="compact" onClick={() => setWriting({ draft: blank })}>
                {__('Write an answer', 'confab')}
              </Button>
            )}
          </>
        }
        empty={__('You have written none yet.', 'confab')}
        columns={mayWrite ? written : withoutActions(written)}
        idOf={({ entryId }) => entryId}
      />
      {writing && (
        <EntryForm
          writing={writing}
          done={saved => {
            setWriting(undefined);
            if (saved) void act(async () => {}, __('Saved. The assistant answers from it in a moment.', 'confab'));
          }}
        />
      )}
    </>
  );
}

const withoutActions = <Item,>(columns: Column<Item>[]) => columns.filter(({ id }) => id !== 'actions');

const draftOf = ({ question, answer, links, locale }: Entry) => ({ question, answer, links, locale });

const named = (question: string) =>
  sprintf(/* translators: %s: a question */ __('“%s”', 'confab'), question.slice(0, 100));
