import { Button } from '@wordpress/components';
import { useEffect, useMemo, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { ConversationItem as Conversation } from '../../../contract/src/conversation.ts';
import { dayFields, type FilterField, Filters } from '../filters.tsx';
import { formatMoment, formatNumber, languageName } from '../format.ts';
import { gathered } from '../gather.ts';
import { type Column, PagedList } from '../paged-list.tsx';
import { Address } from '../parts.tsx';
import { useFilters } from '../use-filters.ts';
import { useLive } from '../use-live.ts';
import { LiveNotice } from './live-notice.tsx';

/** Those that the chat has words for. */
const LANGUAGES = ['en', 'de', 'fr', 'es'];

/** A busy shop has its list read again at most this often. */
const AGAIN_MS = 2_000;

/** Events that change a row of the list. */
const CHANGES = ['conversation', 'message', 'ended'];

/** What of the stored conversations somebody looks for, and what is happening in them now. */
export default function List({ open }: { open: (id: string) => void }) {
  const [fields] = useState(fieldsOf);
  const { narrowed, query, narrow } = useFilters(fields);
  const [version, setVersion] = useState(0);
  // Those in which a visitor has written since the list was opened.
  const [unread, setUnread] = useState<ReadonlySet<string>>(new Set());
  const again = useMemo(() => gathered(() => setVersion(number => number + 1), AGAIN_MS), []);
  useEffect(() => again.stop, [again]);
  const state = useLive({
    hear({ type, role, conversationId }) {
      if (!CHANGES.includes(type)) return;
      again.ask();
      if (role === 'visitor' && conversationId) setUnread(those => new Set(those).add(conversationId));
    },
    again: again.ask,
  });
  const columns = useMemo(() => columnsOf(open, unread), [open, unread]);
  return (
    <>
      <LiveNotice state={state} />
      <PagedList<Conversation>
        path="/conversations"
        query={query}
        title={__('Stored conversations', 'confab')}
        intro={__('Of visitors who agreed that their chat is stored. Those of others exist nowhere.', 'confab')}
        filters={<Filters fields={fields} value={narrowed} onChange={narrow} />}
        empty={__('There is no stored conversation yet. They appear here when visitors agree and chat.', 'confab')}
        columns={columns}
        idOf={({ id }) => id}
        version={version}
        isLive
      />
    </>
  );
}

const fieldsOf = (): FilterField[] => [
  { name: 'q', label: __('Words that were said', 'confab'), kind: 'text' },
  ...dayFields(),
  {
    name: 'locale',
    label: __('Language', 'confab'),
    kind: 'choice',
    options: LANGUAGES.map(value => ({ value, label: languageName(value) })),
  },
  {
    name: 'outcome',
    label: __('Answers', 'confab'),
    kind: 'choice',
    options: [
      { value: 'answered', label: __('All answered', 'confab') },
      { value: 'unanswered', label: __('With a question left open', 'confab') },
    ],
  },
  {
    name: 'state',
    label: __('State', 'confab'),
    kind: 'choice',
    options: [
      { value: 'waiting', label: __('The visitor waits', 'confab') },
      { value: 'taken_over', label: __('Taken over', 'confab') },
      { value: 'open', label: __('The assistant answers', 'confab') },
    ],
  },
  {
    name: 'lead',
    label: __('Contact details', 'confab'),
    kind: 'choice',
    options: [
      { value: 'true', label: __('Were left', 'confab') },
      { value: 'false', label: __('Were not left', 'confab') },
    ],
  },
];

const columnsOf = (open: (id: string) => void, unread: ReadonlySet<string>): Column<Conversation>[] => [
  {
    id: 'createdAt',
    label: __('Begun', 'confab'),
    minWidth: 150,
    show: ({ id, createdAt }) => (
      <Button variant="link" onClick={() => open(id)}>
        {formatMoment(createdAt)}
        {unread.has(id) && (
          <span className="confab-dot">
            <span className="screen-reader-text">{__('(new message)', 'confab')}</span>
          </span>
        )}
      </Button>
    ),
  },
  { id: 'state', label: __('State', 'confab'), minWidth: 180, show: item => <State item={item} /> },
  { id: 'messages', label: __('Messages', 'confab'), show: ({ messages }) => formatNumber(messages) },
  {
    id: 'lastMessageAt',
    label: __('Last message', 'confab'),
    minWidth: 150,
    show: ({ lastMessageAt }) => formatMoment(lastMessageAt),
  },
  {
    id: 'locale',
    label: __('Language', 'confab'),
    show: ({ locale }) => (locale ? languageName(locale) : '–'),
  },
  {
    id: 'pageUrl',
    label: __('Page', 'confab'),
    show: ({ restricted, pageUrl }) =>
      restricted ? __('Use restricted by the visitor', 'confab') : <Address url={pageUrl} />,
  },
];

/** What sets a conversation apart from those that need nobody. */
function State({ item: { takenOver, waiting, hasLead } }: { item: Conversation }) {
  if (!takenOver && !waiting && !hasLead) return <>{__('The assistant answers', 'confab')}</>;
  return (
    <span className="confab-badges">
      {waiting && (
        <strong className="confab-badge is-waiting">
          {takenOver ? __('Waits for your team', 'confab') : __('Waits for an answer', 'confab')}
        </strong>
      )}
      {takenOver && !waiting && <span className="confab-badge">{__('Taken over', 'confab')}</span>}
      {hasLead && <span className="confab-badge">{__('Left contact details', 'confab')}</span>}
    </span>
  );
}
