import { Button, Modal } from '@wordpress/components';
import { useEffect, useMemo, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import type { LeadItem } from '../../../contract/src/lead.ts';
import { useClient } from '../client.ts';
import { dayFields, type FilterField, Filters } from '../filters.tsx';
import { formatMoment, formatMomentIn, wordFor } from '../format.ts';
import { gathered } from '../gather.ts';
import { type Column, PagedList } from '../paged-list.tsx';
import { Address, Facts } from '../parts.tsx';
import { useFilters } from '../use-filters.ts';
import { useLive } from '../use-live.ts';
import { Attempts, Deliveries, isOnItsWay, NotDelivered } from './deliveries.tsx';
import { LiveNotice } from './live-notice.tsx';
import './leads.css';

/** The list is read again at most this often. */
const AGAIN_MS = 2_000;

/** Who left contact details, and whether these have arrived where they should. */
export default function Leads() {
  const [fields] = useState(fieldsOf);
  const { narrowed, query, narrow } = useFilters(fields);
  const [version, setVersion] = useState(0);
  const [open, setOpen] = useState<LeadItem>();
  const again = useMemo(() => gathered(() => setVersion(number => number + 1), AGAIN_MS), []);
  useEffect(() => again.stop, [again]);
  const state = useLive({ hear: ({ type }) => type === 'lead' && again.ask(), again: again.ask });
  const columns = useMemo(() => columnsOf(setOpen, again.ask), [again]);
  return (
    <>
      <LiveNotice state={state} />
      <PagedList<LeadItem>
        path="/leads"
        query={query}
        title={__('Contact details', 'confab')}
        intro={__(
          'What visitors left to be reached. It stays at the relay until its time is over, and goes to the receivers that are chosen under Settings, Leads and CRM.',
          'confab',
        )}
        filters={<Filters fields={fields} value={narrowed} onChange={narrow} />}
        empty={__(
          'Nobody has left contact details yet. Visitors can when it is switched on under Settings, Features.',
          'confab',
        )}
        columns={columns}
        idOf={({ id }) => id}
        version={version}
        changesSoon={({ deliveries }) => deliveries.some(isOnItsWay)}
        isLive
      />
      <NotDelivered version={version} retried={again.ask} />
      {open && <Details lead={open} close={() => setOpen(undefined)} />}
    </>
  );
}

const fieldsOf = (): FilterField[] => [
  { name: 'q', label: __('Name, address or number', 'confab'), kind: 'text' },
  ...dayFields(),
  {
    name: 'kind',
    label: __('Kind', 'confab'),
    kind: 'choice',
    options: ['lead', 'callback'].map(value => ({ value, label: wordFor(value) })),
  },
  {
    name: 'delivery',
    label: __('Handed over', 'confab'),
    kind: 'choice',
    options: [
      { value: 'delivered', label: __('Arrived', 'confab') },
      { value: 'waiting', label: __('On its way', 'confab') },
      { value: 'failed', label: __('Did not arrive', 'confab') },
      { value: 'held', label: __('Held back', 'confab') },
    ],
  },
];

const columnsOf = (open: (lead: LeadItem) => void, retried: () => void): Column<LeadItem>[] => [
  {
    id: 'createdAt',
    label: __('Received', 'confab'),
    minWidth: 120,
    show: lead => (
      <Button variant="link" onClick={() => open(lead)}>
        {formatMoment(lead.createdAt)}
      </Button>
    ),
  },
  {
    id: 'kind',
    label: __('Kind', 'confab'),
    minWidth: 130,
    show: ({ kind, callbackAt, timezone }) =>
      callbackAt ? <CallbackTime at={callbackAt} timezone={timezone} /> : wordFor(kind),
  },
  { id: 'who', label: __('Who', 'confab'), minWidth: 170, show: lead => <Who lead={lead} /> },
  {
    id: 'message',
    label: __('Message', 'confab'),
    minWidth: 160,
    show: ({ message, fields }) => (
      <span className="confab-lines" dir="auto">
        {message && <span className="confab-said">{message}</span>}
        {Object.entries(fields).map(([name, value]) => (
          <span key={name}>
            {name}: {value}
          </span>
        ))}
      </span>
    ),
  },
  { id: 'pageUrl', label: __('Page', 'confab'), show: ({ pageUrl }) => <Address url={pageUrl} /> },
  {
    id: 'deliveries',
    label: __('Handed over to', 'confab'),
    minWidth: 190,
    show: lead => <Deliveries lead={lead} retried={retried} />,
  },
];

function Who({ lead: { restricted, name, email, phone, marketing } }: { lead: LeadItem }) {
  if (restricted) return <>{__('Use restricted by the visitor', 'confab')}</>;
  return (
    <span className="confab-lines">
      {name && <strong dir="auto">{name}</strong>}
      {email && (
        <a href={`mailto:${encodeURIComponent(email).replace('%40', '@')}`} dir="ltr">
          {email}
        </a>
      )}
      {phone && (
        <a href={`tel:${phone.replace(/[^\d+]/g, '')}`} dir="ltr">
          {phone}
        </a>
      )}
      {marketing && <span>{__('Agreed to marketing e-mails', 'confab')}</span>}
    </span>
  );
}

/** When the owner is to call, and what the visitor's clock says then, where that is another one. */
function CallbackTime({ at, timezone }: { at: string; timezone: string | null }) {
  const there = formatMomentIn(timezone, at);
  return (
    <span className="confab-lines confab-callback">
      <span>{sprintf(/* translators: %s: date and time */ __('Callback at %s', 'confab'), formatMoment(at))}</span>
      {there && (
        <span>
          {sprintf(/* translators: %s: date, time and time zone */ __('By the visitor’s clock: %s', 'confab'), there)}
        </span>
      )}
    </span>
  );
}

/** Everything that is known of one lead, and each attempt to hand it over. */
function Details({ lead, close }: { lead: LeadItem; close: () => void }) {
  const { href } = useClient();
  const { createdAt, kind, callbackAt, timezone, restricted, message, fields, pageUrl, conversationId } = lead;
  return (
    <Modal
      title={sprintf(/* translators: %s: date and time */ __('Lead of %s', 'confab'), formatMoment(createdAt))}
      onRequestClose={close}
      size="large"
    >
      <Facts
        facts={[
          [
            __('Kind', 'confab'),
            callbackAt ? <CallbackTime key="kind" at={callbackAt} timezone={timezone} /> : wordFor(kind),
          ],
          [__('Who', 'confab'), <Who key="who" lead={lead} />],
          ...(restricted
            ? []
            : ([
                [
                  __('Message', 'confab'),
                  <span key="message" className="confab-said" dir="auto">
                    {message ?? '–'}
                  </span>,
                ],
                ...Object.entries(fields),
                [__('Page', 'confab'), <Address key="page" url={pageUrl} />],
              ] as [string, ReactNode][])),
          [
            __('Conversation', 'confab'),
            conversationId ? (
              <a key="conversation" href={href('conversations', { conversation: conversationId })}>
                {__('Read the conversation', 'confab')}
              </a>
            ) : (
              __('None is stored', 'confab')
            ),
          ],
        ]}
      />
      <h2>{__('Handed over to', 'confab')}</h2>
      <Attempts lead={lead} />
    </Modal>
  );
}
