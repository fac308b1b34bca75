import { Button } from '@wordpress/components';
import { useMemo, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { DeliveryPage, LeadItem } from '../../../contract/src/lead.ts';
import { asApiError, useClient } from '../client.ts';
import { faultWords, targetName } from '../delivery.ts';
import { type FilterField, Filters, type FilterValues } from '../filters.tsx';
import { formatMoment, formatNumber } from '../format.ts';
import { type Column, PagedList } from '../paged-list.tsx';
import { Done, notAllowed, Problem } from '../parts.tsx';
import { useAction } from '../use-action.ts';

type DeliveredLead = Pick<LeadItem, 'id' | 'restricted' | 'deliveries'>;
type Delivery = LeadItem['deliveries'][number];
type Undelivered = DeliveryPage['items'][number];

/** What is tried again within this time is worth waiting for. */
const SOON_MS = 60_000;

/** Whether it will be known in a moment how it went. */
export const isOnItsWay = ({ state, nextAt }: Delivery): boolean =>
  state === 'waiting' && (nextAt === null || Date.parse(nextAt) - Date.now() < SOON_MS);

/** How a lead stands with each of its receivers, and a way to try again what has not arrived. */
export function Deliveries({ lead, retried }: { lead: DeliveredLead; retried: () => void }) {
  const { deliveries } = lead;
  if (deliveries.length === 0) return <>–</>;
  return (
    <ul className="confab-deliveries">
      {deliveries.map(delivery => (
        <li key={delivery.target}>
          <strong>{targetName(delivery.target)}</strong>{' '}
          <OneDelivery lead={lead} delivery={delivery} retried={retried} />
        </li>
      ))}
    </ul>
  );
}

function OneDelivery({ lead, delivery, retried }: { lead: DeliveredLead; delivery: Delivery; retried: () => void }) {
  const { target, state, nextAt } = delivery;
  const { request, may } = useClient();
  const [isAsking, setAsking] = useState(false);
  const [said, setSaid] = useState('');
  const fault = faultOf(delivery);
  const again = async () => {
    setAsking(true);
    setSaid('');
    try {
      await request('POST', `/leads/${lead.id}/deliveries/${encodeURIComponent(target)}`);
      setSaid(__('It is tried again now.', 'confab'));
      retried();
    } catch (error) {
      setSaid(asApiError(error).message);
    }
    setAsking(false);
  };
  return (
    <span className="confab-lines">
      <span>{stateInWords(delivery, lead.restricted)}</span>
      {fault && (
        <span className="confab-error" dir="auto">
          {faultWords(fault)}
        </span>
      )}
      {fault && state === 'waiting' && nextAt && (
        <span>{sprintf(/* translators: %s: date and time */ __('Next try: %s', 'confab'), formatMoment(nextAt))}</span>
      )}
      {fault && (
        <span>
          <Button
            variant="secondary"
            size="compact"
            isBusy={isAsking}
            disabled={isAsking || !may('agent')}
            {...(!may('agent') && { description: notAllowed('agent') })}
            accessibleWhenDisabled
            onClick={again}
          >
            {__('Try again', 'confab')}
            <span className="screen-reader-text"> {targetName(target)}</span>
          </Button>
        </span>
      )}
      <span role="status">{said}</span>
    </span>
  );
}

/** What last stood in the way of what has not arrived. */
function faultOf({ state, log }: Delivery) {
  const last = log.at(-1);
  const isOpen = state === 'waiting' || state === 'failed';
  return isOpen && last?.outcome !== 'delivered' ? last : undefined;
}

function stateInWords(delivery: Delivery, restricted: boolean): string {
  const { operation, state, deliveredAt } = delivery;
  if (state === 'held') {
    return restricted
      ? __('Waits: use restricted by the visitor', 'confab')
      : __('Waits: this CRM is switched off', 'confab');
  }
  if (operation === 'erase') {
    if (state === 'delivered') return __('Erased there', 'confab');
    return state === 'failed' ? __('Could not be erased there', 'confab') : __('Not erased there yet', 'confab');
  }
  if (state === 'delivered') {
    return sprintf(/* translators: %s: date and time */ __('Arrived %s', 'confab'), formatMoment(deliveredAt));
  }
  if (state === 'failed') return __('Did not arrive', 'confab');
  return faultOf(delivery) ? __('Has not arrived yet', 'confab') : __('On its way', 'confab');
}

/** Every attempt to hand a lead over, to each receiver: when, and what came of it. */
export function Attempts({ lead: { deliveries, restricted } }: { lead: DeliveredLead }) {
  if (deliveries.length === 0) return <p>{__('It is handed over to nobody.', 'confab')}</p>;
  return (
    <>
      {deliveries.map(delivery => (
        <section key={delivery.target} className="confab-attempts">
          <h3>
            {targetName(delivery.target)}: {stateInWords(delivery, restricted)}
          </h3>
          {delivery.externalId && (
            <p>
              {__('Known there as', 'confab')} <code>{delivery.externalId}</code>
            </p>
          )}
          {delivery.log.length === 0 ? (
            <p className="confab-hint">{__('It was not tried yet.', 'confab')}</p>
          ) : (
            <ol>
              {delivery.log.map(({ at, outcome, fault, words }) => (
                <li key={at}>
                  <time dateTime={at}>{formatMoment(at)}</time> {outcomeInWords(outcome)}{' '}
                  {fault && <span dir="auto">{faultWords({ fault, ...(words && { words }) })}</span>}
                </li>
              ))}
            </ol>
          )}
        </section>
      ))}
    </>
  );
}

const outcomeInWords = (outcome: Delivery['log'][number]['outcome']): string =>
  ({
    delivered: __('Arrived.', 'confab'),
    later: __('Put off.', 'confab'),
    refused: __('Refused.', 'confab'),
  })[outcome];

/** What has not arrived where it should: also erasures, of leads that are gone here and may still be there. */
export function NotDelivered({ version, retried }: { version: number; retried: () => void }) {
  const { request, may } = useClient();
  const { isBusy, error, said, act, clear } = useAction();
  const [fields] = useState(stateField);
  const [narrowed, narrow] = useState<FilterValues>({});
  const columns = useMemo(columnsOf, []);
  const again = async () => {
    const done = __('Everything that waits or has failed is tried again now.', 'confab');
    if (await act(() => request('POST', '/deliveries/retry', { body: {} }), done)) retried();
  };
  return (
    <PagedList<Undelivered>
      path="/deliveries"
      query={narrowed}
      title={__('What has not arrived', 'confab')}
      intro={
        <>
          {__(
            'Leads, erasures of leads, and messages to webhooks that a receiver still lacks, longest waiting first. Each is tried again by itself for three days.',
            'confab',
          )}{' '}
          <Button
            variant="secondary"
            size="compact"
            isBusy={isBusy}
            disabled={isBusy || !may('agent')}
            {...(!may('agent') && { description: notAllowed('agent') })}
            accessibleWhenDisabled
            onClick={again}
          >
            {__('Try all again', 'confab')}
          </Button>
        </>
      }
      filters={
        <>
          <Filters fields={fields} value={narrowed} onChange={narrow} />
          {error && <Problem error={error} />}
          <Done said={said} onRemove={clear} />
        </>
      }
      empty={__('Everything has arrived.', 'confab')}
      columns={columns}
      idOf={({ subjectId, target, operation }) => `${subjectId} ${target} ${operation}`}
      version={version}
      isLive
    />
  );
}

const stateField = (): FilterField[] => [
  {
    name: 'state',
    label: __('State', 'confab'),
    kind: 'choice',
    options: [
      { value: 'waiting', label: __('Is tried again', 'confab') },
      { value: 'failed', label: __('Given up', 'confab') },
      { value: 'held', label: __('Held back', 'confab') },
    ],
  },
];

const columnsOf = (): Column<Undelivered>[] => [
  { id: 'target', label: __('Receiver', 'confab'), show: ({ target }) => targetName(target) },
  {
    id: 'state',
    label: __('State', 'confab'),
    minWidth: 180,
    show: delivery => stateInWords(delivery, false),
  },
  {
    id: 'fault',
    label: __('What stands in the way', 'confab'),
    minWidth: 220,
    show: delivery => {
      const fault = faultOf(delivery);
      return fault ? <span dir="auto">{faultWords(fault)}</span> : '–';
    },
  },
  { id: 'attempts', label: __('Attempts', 'confab'), show: ({ attempts }) => formatNumber(attempts) },
  { id: 'since', label: __('Waits since', 'confab'), show: ({ since }) => formatMoment(since) },
  { id: 'nextAt', label: __('Next try', 'confab'), show: ({ nextAt }) => formatMoment(nextAt) },
];
