import type { BillingResponse } from '@confab/contract';
import { Button, Notice } from '@wordpress/components';
import { __ } from '@wordpress/i18n';
import { isUnpaid } from './standing.ts';
import { type BillingNotice, noticeWords } from './words.ts';

/** What can be done about a notice, by whom it concerns. */
export type Remedies = { toPortal: () => void; resume: () => void; isBusy: boolean };

/** Everything that an owner should know, the most pressing first; `remedies` is missing for who may not act. */
export function Notices({ billing, remedies }: { billing: BillingResponse; remedies: Remedies | undefined }) {
  return billing.notices.map(notice => {
    const { status, says, more } = noticeWords(notice, billing);
    return (
      <Notice
        key={`${notice.kind} ${notice.limit}`}
        status={status}
        isDismissible={false}
        spokenMessage={null}
        className="confab-notice"
      >
        <p>
          <strong>{says}</strong> {more}
        </p>
        {remedies && <Remedy kind={notice.kind} remedies={remedies} isUnpaid={isUnpaid(billing.subscription)} />}
      </Notice>
    );
  });
}

function Remedy({
  kind,
  remedies: { toPortal, resume, isBusy },
  isUnpaid,
}: {
  kind: BillingNotice['kind'];
  remedies: Remedies;
  isUnpaid: boolean;
}) {
  const act = (label: string, onClick: () => void) => (
    <Button variant="secondary" __next40pxDefaultSize disabled={isBusy} accessibleWhenDisabled onClick={onClick}>
      {label}
    </Button>
  );
  if (kind === 'plan_ends') return act(__('Keep the plan', 'confab'), resume);
  if (kind === 'trial_ends') return act(__('Enter or check the card', 'confab'), toPortal);
  if (kind === 'payment_failed' || (kind === 'no_plan' && isUnpaid)) {
    return act(__('Update your card', 'confab'), toPortal);
  }
  return <a href="#plans">{__('See the plans', 'confab')}</a>;
}
