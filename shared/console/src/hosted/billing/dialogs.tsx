import type { BillingResponse, ChangePreview, PlanChange, PlanChoice } from '@confab/contract';
import { Button, Modal, Notice } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import { asApiError } from '../../client.ts';
import { formatDay, formatNumber } from '../../format.ts';
import { Facts, Problem, Waiting } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { useLoaded } from '../../use-loaded.ts';
import { ask } from '../api.ts';
import { wordsOf } from '../words.ts';
import { formatMoney } from './money.ts';
import type { Subscription } from './standing.ts';
import { featureName, freePlan, intervalName } from './words.ts';

/** Says what a change of plan costs, and does it for exactly that. `changed` hears what holds afterwards. */
export function ChangeDialog({
  path,
  choice,
  billing,
  changed,
  reload,
  close,
}: {
  /** Of the account's billing at the relay. */
  path: string;
  choice: PlanChoice;
  billing: BillingResponse;
  changed: (billing: BillingResponse) => void;
  /** Loads anew what the account has, as it has changed under the owner's hands. */
  reload: () => void;
  close: () => void;
}) {
  const { plan, interval } = choice;
  const preview = useLoaded(
    useCallback(
      async () => (await ask<ChangePreview>('POST', `${path}/preview`, { body: { plan, interval } })).answer,
      [path, plan, interval],
    ),
  );
  const { act, isBusy, error } = useAction();
  const [isAnother, setAnother] = useState(false);
  const { answer: numbers, isLoading } = preview;
  const change = (prorationAt: string) =>
    act(async () => {
      setAnother(false);
      const body: PlanChange = { plan, interval, prorationAt };
      try {
        changed((await ask<BillingResponse>('POST', `${path}/change`, { body })).answer);
      } catch (refusal) {
        const { code } = asApiError(refusal);
        // Stripe repeats its refusal for what was counted for the same moment.
        if (code === 'payment_declined') preview.reload();
        if (code !== 'billing_changed') throw refusal;
        setAnother(true);
        preview.reload();
        reload();
      }
    });
  const name = billing.plans.find(({ handle }) => handle === plan)?.name ?? plan;
  return (
    <Modal
      title={sprintf(
        /* translators: 1: the name of a plan 2: such as "paid by the month" */
        __('Change to “%1$s”, %2$s?', 'confab'),
        name,
        intervalName(interval),
      )}
      onRequestClose={() => !isBusy && close()}
      shouldCloseOnClickOutside={false}
      size="medium"
    >
      <div role="status">
        {isAnother && (
          <Notice status="warning" isDismissible={false} spokenMessage={null} className="confab-notice">
            {__(
              'What you pay for has changed meanwhile, so nothing was done. This is how it stands now: please look again.',
              'confab',
            )}
          </Notice>
        )}
      </div>
      {preview.error && (
        <Problem error={{ ...preview.error, message: wordsOf(preview.error) }} retry={preview.reload} />
      )}
      {error && <Problem error={{ ...error, message: wordsOf(error) }} />}
      {!numbers && !preview.error && <Waiting what={__('Asking Stripe what it costs…', 'confab')} />}
      {numbers && <Numbers numbers={numbers} />}
      <Consequences plan={plan} billing={billing} />
      <div className="confab-actions">
        {numbers && (
          <Button
            variant="primary"
            __next40pxDefaultSize
            isBusy={isBusy || isLoading}
            disabled={isBusy || isLoading || Boolean(preview.error)}
            accessibleWhenDisabled
            onClick={() => change(numbers.prorationAt)}
          >
            {__('Change the plan', 'confab')}
          </Button>
        )}
        <Button variant="tertiary" __next40pxDefaultSize disabled={isBusy} onClick={close}>
          {__('Leave it as it is', 'confab')}
        </Button>
      </div>
    </Modal>
  );
}

function Numbers({ numbers: { dueNow, nextInvoice, nextInvoiceAt } }: { numbers: ChangePreview }) {
  const isCredit = dueNow.amount < 0;
  return (
    <>
      <Facts
        facts={[
          isCredit
            ? [__('Credit', 'confab'), formatMoney({ ...dueNow, amount: -dueNow.amount })]
            : [__('Due now', 'confab'), formatMoney(dueNow)],
          [
            __('Next invoice', 'confab'),
            nextInvoiceAt
              ? sprintf(
                  /* translators: 1: an amount of money 2: a day */
                  __('%1$s on %2$s', 'confab'),
                  formatMoney(nextInvoice),
                  formatDay(nextInvoiceAt),
                )
              : formatMoney(nextInvoice),
          ],
        ]}
      />
      <p className="confab-hint">
        {isCredit
          ? __('The days that are paid already and not used are a credit for your next invoices.', 'confab')
          : __('Counted by the days that are left. What is paid already for them is taken off.', 'confab')}
      </p>
    </>
  );
}

/** What the new plan does not include although it is there: said before, so that it surprises nobody. */
function Consequences({ plan, billing }: { plan: string; billing: BillingResponse }) {
  const { usage, plan: current, plans } = billing;
  const next = plans.find(({ handle }) => handle === plan);
  if (!next) return null;
  const { sites, seats, conversationsPerMonth } = next.limits;
  const lost = (current?.features ?? []).filter(feature => !next.features.includes(feature));
  const told = [
    ...(conversationsPerMonth !== null && usage.conversations.used >= conversationsPerMonth
      ? [
          sprintf(
            /* translators: 1: a number 2: a number */
            _n(
              'This month has had %1$s conversation already, and the new plan includes %2$s: those that begin from now on are answered by quoting your pages.',
              'This month has had %1$s conversations already, and the new plan includes %2$s: those that begin from now on are answered by quoting your pages.',
              usage.conversations.used,
              'confab',
            ),
            formatNumber(usage.conversations.used),
            formatNumber(conversationsPerMonth),
          ),
        ]
      : []),
    ...(sites !== null && usage.sites.used > sites
      ? [__('You have more sites than the new plan includes. They stay, and no more can be added.', 'confab')]
      : []),
    ...(seats !== null && usage.seats.used > seats
      ? [
          __(
            'Your team is larger than the new plan includes. Everybody stays, and nobody more can be invited.',
            'confab',
          ),
        ]
      : []),
    ...lost.map(feature =>
      sprintf(
        /* translators: %s: such as "Webhooks" */
        __('%s: not included. What is set up keeps working, and nothing new can be set up.', 'confab'),
        featureName(feature),
      ),
    ),
  ];
  if (told.length === 0) return null;
  return (
    <ul className="confab-list">
      {told.map(words => (
        <li key={words}>{words}</li>
      ))}
    </ul>
  );
}

/** Asks once more before the plan is cancelled, and says what that means. */
export function CancelDialog({
  paid,
  cancel,
  close,
}: {
  paid: Subscription | null;
  cancel: () => Promise<void>;
  close: () => void;
}) {
  const { act, isBusy, error } = useAction();
  return (
    <Modal
      title={__('Cancel the plan?', 'confab')}
      onRequestClose={() => !isBusy && close()}
      shouldCloseOnClickOutside={false}
      size="medium"
    >
      {error && <Problem error={{ ...error, message: wordsOf(error) }} />}
      <p>{untilWords(paid)}</p>
      <p>{freePlan()}</p>
      <p>{__('Until then you can take this back at any time.', 'confab')}</p>
      <div className="confab-actions">
        <Button
          variant="primary"
          isDestructive
          __next40pxDefaultSize
          isBusy={isBusy}
          disabled={isBusy}
          accessibleWhenDisabled
          onClick={() => act(cancel)}
        >
          {__('Cancel the plan', 'confab')}
        </Button>
        <Button variant="tertiary" __next40pxDefaultSize disabled={isBusy} onClick={close}>
          {__('Keep the plan', 'confab')}
        </Button>
      </div>
    </Modal>
  );
}

/** While a payment is open, its grace ends the plan before its period does. */
function untilWords(paid: Subscription | null): string {
  if (paid?.status === 'past_due' && paid.graceUntil) {
    return sprintf(
      /* translators: %s: a day */
      __('It works as before until %s. The open invoice is still to be paid.', 'confab'),
      formatDay(paid.graceUntil),
    );
  }
  return paid?.periodEnd
    ? sprintf(
        /* translators: %s: a day */
        __('It works as before until %s, and nothing more is charged.', 'confab'),
        formatDay(paid.periodEnd),
      )
    : __('It works as before until the end of what is paid for, and nothing more is charged.', 'confab');
}
