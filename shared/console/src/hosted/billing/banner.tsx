import type { BillingResponse } from '@confab/contract';
import { Notice } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { useLoaded } from '../../use-loaded.ts';
import { ask } from '../api.ts';
import { BILLING } from '../routes.ts';
import { type BillingNotice, type Limited, noticeWords } from './words.ts';

/**
 * The most pressing thing that an owner should know about the plan, where they are anyway. It can be put away for as long as
 * the browser's tab is open. Of limits, those that matter to the screen.
 */
export default function PlanBanner({ accountId, limits }: { accountId: string; limits: Limited[] }) {
  const path = `/v1/accounts/${accountId}/billing`;
  const { answer } = useLoaded(useCallback(async () => (await ask<BillingResponse>('GET', path)).answer, [path]));
  const [putAway, setPutAway] = useState<string>();
  const notice = answer?.notices.find(({ limit }) => limit === null || limits.includes(limit));
  if (!answer || !notice) return null;
  const key = keyOf(accountId, notice);
  if (putAway === key || wasPutAway(key)) return null;
  const { status, says, more } = noticeWords(notice, answer);
  return (
    <Notice
      status={status}
      className="confab-notice"
      spokenMessage={null}
      onRemove={() => {
        keepAway(key);
        setPutAway(key);
      }}
    >
      <p>
        <strong>{says}</strong> {more} <a href={BILLING}>{__('See plan and usage', 'confab')}</a>
      </p>
    </Notice>
  );
}

const keyOf = (accountId: string, { kind, limit, until }: BillingNotice): string =>
  `confab.billing.${accountId}.${kind}.${limit}.${until}`;

/** A browser that keeps nothing shows it again on the next page. */
function wasPutAway(key: string): boolean {
  try {
    return sessionStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

function keepAway(key: string): void {
  try {
    sessionStorage.setItem(key, '');
  } catch {
    // It is only a convenience.
  }
}
