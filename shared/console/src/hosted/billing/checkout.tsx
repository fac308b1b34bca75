import type { BillingResponse } from '@confab/contract';
import { Button, Notice } from '@wordpress/components';
import { useEffect, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { Waiting } from '../../parts.tsx';
import { isConfirmed } from './standing.ts';

const LOOK_AGAIN_MS = 2_000;
const PATIENCE_MS = 60_000;

/** How the owner came back from Stripe's Checkout, as the address says. It is said once: a reload says it no more. */
export function useReturn(): 'done' | 'cancelled' | undefined {
  const [came] = useState(() => new URLSearchParams(location.search).get('checkout'));
  useEffect(() => {
    if (location.search) history.replaceState(history.state, '', location.pathname + location.hash);
  }, []);
  return came === 'done' || came === 'cancelled' ? came : undefined;
}

/** What became of the order: Stripe tells the relay of it by itself, mostly before the owner is back. */
export function Returned({
  came,
  billing,
  reload,
}: {
  came: 'done' | 'cancelled';
  billing: BillingResponse;
  reload: () => void;
}) {
  const isWaiting = came === 'done' && !isConfirmed(billing);
  const [since, setSince] = useState(Date.now);
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    if (!isWaiting || isLate) return;
    const timer = setInterval(() => {
      if (Date.now() - since > PATIENCE_MS) setLate(true);
      else reload();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting, isLate, since, reload]);
  const lookAgain = () => {
    setSince(Date.now());
    setLate(false);
    reload();
  };
  return (
    <div role="status">
      {came === 'cancelled' && (
        <Said status="info">{__('Nothing was ordered, and nothing is charged.', 'confab')}</Said>
      )}
      {came === 'done' && !isWaiting && (
        <Said status="success">
          {sprintf(
            /* translators: %s: the name of a plan */
            __('Thank you. The order is confirmed, and “%s” holds from now on.', 'confab'),
            billing.plan?.name ?? '',
          )}
        </Said>
      )}
      {isWaiting && !isLate && (
        <Waiting
          what={__('Thank you. Stripe is confirming your order: the plan appears here within a minute.', 'confab')}
        />
      )}
      {isWaiting && isLate && (
        <Said status="warning">
          <p>
            {__(
              'Stripe has not confirmed your order yet. Nothing is lost: as soon as it does, the plan holds and appears here. Do not order again.',
              'confab',
            )}
          </p>
          <Button variant="secondary" __next40pxDefaultSize onClick={lookAgain}>
            {__('Look again', 'confab')}
          </Button>
        </Said>
      )}
    </div>
  );
}

function Said({ status, children }: { status: 'info' | 'success' | 'warning'; children: React.ReactNode }) {
  return (
    <Notice status={status} isDismissible={false} spokenMessage={null} className="confab-notice">
      {children}
    </Notice>
  );
}
