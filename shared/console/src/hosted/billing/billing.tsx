import type { BillingRedirect, BillingResponse, PlanChoice } from '@confab/contract';
import { Button } from '@wordpress/components';
import { lazy, Suspense, useCallback, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { Facts, NotAllowed, Problem, Section, Waiting } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { useLoaded } from '../../use-loaded.ts';
import { ask } from '../api.ts';
import { useAccount, useSession } from '../session.ts';
import { wordsOf } from '../words.ts';
import { Returned, useReturn } from './checkout.tsx';
import { CancelDialog, ChangeDialog } from './dialogs.tsx';
import { Notices } from './notices.tsx';
import { Plans } from './plans.tsx';
import { isRunning } from './standing.ts';
import { Usage } from './usage.tsx';
import { cardWords, includes, intervalName, statusWords } from './words.ts';
import './billing.css';

// The lists weigh more than all the rest, and come after it.
const Records = lazy(() => import(/* webpackChunkName: "billing-records" */ './records.tsx'));

/** What the account has, has used and pays for. Everybody of the team sees it, owners act. */
export default function Billing() {
  const { accountId } = useAccount();
  const path = `/v1/accounts/${accountId}/billing`;
  const came = useReturn();
  const { answer, error, reload, set } = useLoaded(
    useCallback(async () => (await ask<BillingResponse>('GET', path)).answer, [path]),
  );
  if (!answer)
    return (
      <Section title={__('Your plan', 'confab')}>
        {error ? <Problem error={error} retry={reload} /> : <Waiting />}
      </Section>
    );
  if (answer.mode === 'self_hosted') return <SelfHosted billing={answer} />;
  return (
    <>
      {came && <Returned came={came} billing={answer} reload={reload} />}
      {error && <Problem error={error} retry={reload} />}
      <OfStripe path={path} billing={answer} reload={reload} set={set} />
    </>
  );
}

/** Where nothing is sold: the numbers are there all the same. */
function SelfHosted({ billing }: { billing: BillingResponse }) {
  return (
    <>
      <Section title={__('No plan is needed here', 'confab')}>
        <p>
          {__(
            'This relay sells no plans: whoever runs it pays for it. Nothing limits your sites, your team or your conversations.',
            'confab',
          )}
        </p>
        <p>
          {__(
            'Only the limits hold that you set yourself in the settings of a site, such as how much answers may cost in a day.',
            'confab',
          )}
        </p>
      </Section>
      <Usage billing={billing} />
    </>
  );
}

function OfStripe({
  path,
  billing,
  reload,
  set,
}: {
  path: string;
  billing: BillingResponse;
  reload: () => void;
  set: (billing: BillingResponse) => void;
}) {
  const { role } = useAccount();
  const { tell } = useSession();
  const { act, isBusy, error } = useAction();
  const [chosen, setChosen] = useState<PlanChoice>();
  const [isCancelling, setCancelling] = useState(false);
  const { subscription } = billing;
  const isOwner = role === 'owner';
  const running = isRunning(subscription) ? subscription : null;

  const post = async <Answer,>(what: string, body: object = {}) =>
    (await ask<Answer>('POST', `${path}/${what}`, { body })).answer;
  /** Stripe's own pages are where cards are entered: nothing of them is here. */
  const toStripe = (what: 'checkout' | 'portal', body?: PlanChoice) =>
    act(async () => location.assign((await post<BillingRedirect>(what, body)).url));
  const resume = () =>
    act(async () => {
      set(await post<BillingResponse>('resume'));
      tell(__('The plan goes on.', 'confab'));
    });
  const cancel = async () => {
    set(await post<BillingResponse>('cancel'));
    setCancelling(false);
    tell(__('The plan has been cancelled. Until it ends you can take that back.', 'confab'));
  };

  return (
    <>
      <Notices
        billing={billing}
        remedies={isOwner ? { toPortal: () => toStripe('portal'), resume, isBusy } : undefined}
      />
      {error && <Problem error={{ ...error, message: wordsOf(error) }} />}
      <Section title={__('Your plan', 'confab')}>
        <Present billing={billing} />
        {!isOwner && <NotAllowed needs="owner" />}
        {isOwner && subscription && (
          <div className="confab-actions confab-billing-actions">
            <Button
              variant="secondary"
              __next40pxDefaultSize
              disabled={isBusy}
              accessibleWhenDisabled
              onClick={() => toStripe('portal')}
            >
              {__('Card, invoices and tax id at Stripe', 'confab')}
            </Button>
            {running?.endsAt && (
              <Button
                variant="secondary"
                __next40pxDefaultSize
                disabled={isBusy}
                accessibleWhenDisabled
                onClick={resume}
              >
                {__('Keep the plan', 'confab')}
              </Button>
            )}
            {running && !running.endsAt && (
              <Button variant="tertiary" isDestructive __next40pxDefaultSize onClick={() => setCancelling(true)}>
                {__('Cancel the plan…', 'confab')}
              </Button>
            )}
          </div>
        )}
      </Section>
      <Usage billing={billing} />
      <Plans
        billing={billing}
        isBusy={isBusy}
        choose={isOwner ? choice => (running ? setChosen(choice) : toStripe('checkout', choice)) : undefined}
      />
      {isOwner && (
        <Suspense fallback={<Waiting />}>
          <Records />
        </Suspense>
      )}
      {chosen && (
        <ChangeDialog
          path={path}
          choice={chosen}
          billing={billing}
          reload={reload}
          changed={after => {
            set(after);
            setChosen(undefined);
            tell(__('The plan has been changed.', 'confab'));
          }}
          close={() => setChosen(undefined)}
        />
      )}
      {isCancelling && <CancelDialog paid={running} cancel={cancel} close={() => setCancelling(false)} />}
    </>
  );
}

function Present({ billing: { plan, subscription } }: { billing: BillingResponse }) {
  const running = isRunning(subscription) ? subscription : null;
  return (
    <Facts
      facts={[
        [
          __('Plan', 'confab'),
          <>
            <strong>{plan?.name}</strong>
            {running?.interval && running.plan === plan?.handle && `, ${intervalName(running.interval)}`}
          </>,
        ],
        ...(subscription ? [[__('State', 'confab'), statusWords(subscription)] as [string, string]] : []),
        ...(running
          ? [
              [
                __('Card', 'confab'),
                running.card ? cardWords(running.card) : __('None is stored at Stripe', 'confab'),
              ] as [string, string],
            ]
          : []),
        [__('Includes', 'confab'), plan ? includes(plan).join(' · ') : '–'],
      ]}
    />
  );
}
