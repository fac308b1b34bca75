import type { BillingInterval, BillingResponse, PlanChoice } from '@confab/contract';
import { Button } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { Section } from '../../parts.tsx';
import { formatMoney, perMonth } from './money.ts';
import { isRunning, isUnpaid } from './standing.ts';
import { includes } from './words.ts';

type Offer = BillingResponse['plans'][number];

/** What can be had, and for how much; `choose` is missing for who may not. */
export function Plans({
  billing: { plans, plan: current, subscription },
  choose,
  isBusy,
}: {
  billing: BillingResponse;
  choose: ((choice: PlanChoice) => void) | undefined;
  isBusy: boolean;
}) {
  const [interval, setInterval] = useState<BillingInterval>(subscription?.interval ?? 'month');
  const running = isRunning(subscription) ? subscription : null;
  const isPresent = (handle: string) => handle === (running?.plan ?? current?.handle);
  return (
    <div id="plans" className="confab-plans-section">
      <Section
        title={__('Plans', 'confab')}
        intro={[
          __('Prices without tax. What is there when a smaller plan begins stays, and works on.', 'confab'),
          ...(subscription
            ? []
            : [__('A first plan begins with a trial: how long it is, Stripe says before you agree.', 'confab')]),
        ].join(' ')}
      >
        <fieldset className="confab-interval">
          <legend className="screen-reader-text">{__('How the plan is paid', 'confab')}</legend>
          {(['month', 'year'] as const).map(one => (
            <Button
              key={one}
              variant={one === interval ? 'primary' : 'secondary'}
              size="compact"
              aria-pressed={one === interval}
              onClick={() => setInterval(one)}
            >
              {one === 'month' ? __('By the month', 'confab') : __('By the year', 'confab')}
            </Button>
          ))}
        </fieldset>
        <ul className="confab-plans">
          {plans.map(offer => (
            <li key={offer.handle} className={isPresent(offer.handle) ? 'is-current' : ''}>
              <h3>
                {offer.name}
                {isPresent(offer.handle) && <span className="confab-current">{__('Your plan', 'confab')}</span>}
              </h3>
              <Price offer={offer} interval={interval} />
              <ul className="confab-list">
                {includes(offer).map(line => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
              {choose && (
                <Choice
                  offer={offer}
                  interval={interval}
                  running={running}
                  isPresent={isPresent(offer.handle)}
                  isBusy={isBusy}
                  choose={() => choose({ plan: offer.handle, interval })}
                />
              )}
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}

const isFree = ({ handle }: Offer): boolean => handle === 'free';

function Price({ offer, interval }: { offer: Offer; interval: BillingInterval }) {
  const price = offer.prices[interval];
  const { year } = offer.prices;
  if (isFree(offer) || !price)
    return (
      <p className="confab-price">
        {isFree(offer) ? <strong>{__('Free of charge', 'confab')}</strong> : noPrice(offer, interval)}
      </p>
    );
  return (
    <p className="confab-price">
      <strong>{formatMoney(price)}</strong> {interval === 'month' ? __('a month', 'confab') : __('a year', 'confab')}
      {interval === 'month' && year && (
        <small>
          {sprintf(/* translators: %s: an amount of money */ __('or %s a year', 'confab'), formatMoney(year))}
        </small>
      )}
      {interval === 'year' && (
        <small>
          {sprintf(
            /* translators: %s: an amount of money */ __('that is %s a month', 'confab'),
            formatMoney(perMonth(price)),
          )}
        </small>
      )}
    </p>
  );
}

/** Prices are Stripe's: where it does not tell them, none is made up. */
function noPrice({ prices }: Offer, interval: BillingInterval): string {
  if (!prices.month && !prices.year) return __('The price cannot be told at the moment.', 'confab');
  return interval === 'month'
    ? __('Cannot be paid by the month.', 'confab')
    : __('Cannot be paid by the year.', 'confab');
}

function Choice({
  offer,
  interval,
  running,
  isPresent,
  isBusy,
  choose,
}: {
  offer: Offer;
  interval: BillingInterval;
  running: BillingResponse['subscription'];
  isPresent: boolean;
  isBusy: boolean;
  choose: () => void;
}) {
  if (isFree(offer))
    return isPresent ? null : (
      <p className="confab-hint">{__('It is what holds once your plan is cancelled and has ended.', 'confab')}</p>
    );
  if (!offer.prices[interval] || (isPresent && (!running || running.interval === interval))) return null;
  if (running?.endsAt) return <p className="confab-hint">{__('To change your plan, keep it first.', 'confab')}</p>;
  if (isUnpaid(running)) {
    return <p className="confab-hint">{__('To change your plan, settle the open payment first.', 'confab')}</p>;
  }
  return (
    <Button
      variant={running ? 'secondary' : 'primary'}
      __next40pxDefaultSize
      disabled={isBusy}
      accessibleWhenDisabled
      onClick={choose}
    >
      {labelOf({ offer, interval, isPresent, isRunning: running !== null })}
    </Button>
  );
}

function labelOf({
  offer: { name },
  interval,
  isPresent,
  isRunning,
}: {
  offer: Offer;
  interval: BillingInterval;
  isPresent: boolean;
  isRunning: boolean;
}): string {
  if (isPresent) return interval === 'month' ? __('Pay by the month', 'confab') : __('Pay by the year', 'confab');
  return isRunning
    ? sprintf(/* translators: %s: the name of a plan */ __('Change to “%s”', 'confab'), name)
    : sprintf(/* translators: %s: the name of a plan */ __('Choose “%s”', 'confab'), name);
}
