import { Button } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { api, asApiError, type Delivery } from '../api.ts';
import { faultWords, targetName } from '../delivery.ts';
import { formatMoment } from '../format.ts';

type DeliveredLead = { id: string; restricted: boolean; deliveries: Delivery[] };

/** How a lead stands with each of its receivers, and a way to try again what has not arrived. */
export function Deliveries({ lead }: { lead: DeliveredLead }) {
  const { deliveries } = lead;
  if (deliveries.length === 0) return <>–</>;
  return (
    <ul className="confab-deliveries">
      {deliveries.map(delivery => (
        <li key={delivery.target}>
          <strong>{targetName(delivery.target)}</strong> <OneDelivery lead={lead} delivery={delivery} />
        </li>
      ))}
    </ul>
  );
}

function OneDelivery({ lead, delivery }: { lead: DeliveredLead; delivery: Delivery }) {
  const { target, state, nextAt } = delivery;
  const [isAsking, setAsking] = useState(false);
  const [said, setSaid] = useState('');
  const fault = faultOf(delivery);
  const again = async () => {
    setAsking(true);
    setSaid('');
    try {
      await api.tryDelivery(lead.id, target);
      setSaid(__('It is tried again now. Load this page anew to see how it went.', 'confab'));
    } catch (error) {
      setSaid(asApiError(error).message);
    }
    setAsking(false);
  };
  return (
    <span className="confab-lines">
      <span>{stateInWords(delivery, lead)}</span>
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
            disabled={isAsking}
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

function stateInWords(delivery: Delivery, { restricted }: DeliveredLead): string {
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
