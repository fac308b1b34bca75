import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { Delivery } from '../api.ts';
import { formatMoment, formatMomentIn, wordFor } from '../format.ts';
import { Address } from '../parts.tsx';
import { Deliveries } from './deliveries.tsx';
import { type Column, PagedList } from './paged-list.tsx';

type Lead = {
  id: string;
  kind: string;
  createdAt: string;
  restricted: boolean;
  name: string | null;
  email: string | null;
  phone: string | null;
  message: string | null;
  fields: Record<string, string>;
  pageUrl: string | null;
  callbackAt: string | null;
  timezone: string | null;
  marketing: boolean;
  deliveries: Delivery[];
};

/** Who left contact details. They are read from the relay each time; WordPress keeps none of them. */
export function Leads() {
  const [columns] = useState<Column<Lead>[]>(() => [
    { id: 'createdAt', label: __('Received', 'confab'), show: ({ createdAt }) => formatMoment(createdAt) },
    {
      id: 'kind',
      label: __('Kind', 'confab'),
      minWidth: 160,
      show: ({ kind, callbackAt, timezone }) =>
        callbackAt ? <CallbackTime at={callbackAt} timezone={timezone} /> : wordFor(kind),
    },
    {
      id: 'who',
      label: __('Who', 'confab'),
      minWidth: 200,
      show: ({ restricted, name, email, phone, marketing }) =>
        restricted ? (
          __('Use restricted by the visitor', 'confab')
        ) : (
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
        ),
    },
    {
      id: 'message',
      label: __('Message', 'confab'),
      minWidth: 180,
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
      minWidth: 200,
      show: lead => <Deliveries lead={lead} />,
    },
  ]);
  return (
    <PagedList<Lead>
      name="leads"
      title={__('Leads', 'confab')}
      intro={__(
        'Contact details that visitors left. They stay at the relay until their time is over; WordPress keeps no copy. They go to the CRMs that are chosen under Settings, Leads and CRM; a plugin can take them over as well (for its developer: the action confab_lead_created).',
        'confab',
      )}
      empty={__(
        'Nobody has left contact details yet. Visitors can when it is switched on under Settings, Features.',
        'confab',
      )}
      columns={columns}
      idOf={({ id }) => id}
    />
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
