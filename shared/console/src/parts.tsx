import { Button, Notice, Spinner } from '@wordpress/components';
import { __ } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import { type ApiError, type Role, useBillingAddress } from './client.ts';
import './screens.css';

/** What the relay answers where the plan of the account includes no more. */
export const PLAN_LIMIT = 'plan_limit_reached';

/** That the plan includes no more of something, and where that can be changed. */
export function PlanLimit() {
  const billing = useBillingAddress();
  return (
    <>
      {__('Your plan includes no more of this. What is there stays, and works on.', 'confab')}{' '}
      {billing && <a href={billing}>{__('See plan and usage', 'confab')}</a>}
    </>
  );
}

/** What went wrong, in the words of whoever refused, and a way to try again. */
export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <Notice status="error" isDismissible={false} className="confab-notice">
      <p>{error.code === PLAN_LIMIT ? <PlanLimit /> : error.message}</p>
      {retry && (
        <Button variant="secondary" __next40pxDefaultSize onClick={retry}>
          {__('Try again', 'confab')}
        </Button>
      )}
    </Notice>
  );
}

export function Waiting({ what }: { what?: string }) {
  return (
    <p className="confab-waiting" role="status">
      <Spinner />
      {what ?? __('Loading…', 'confab')}
    </p>
  );
}

/** A titled block of a screen. */
export function Section({ title, intro, children }: { title: string; intro?: ReactNode; children?: ReactNode }) {
  return (
    <section className="confab-section">
      <h2>{title}</h2>
      {intro && <p className="confab-intro">{intro}</p>}
      {children}
    </section>
  );
}

/** Names and values, one under the other. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="confab-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** An address as a link where it is one; anything else, such as `javascript:`, stays text. */
export function Address({ url }: { url: string | null }) {
  if (!url) return <>–</>;
  if (!/^https?:\/\//i.test(url)) return <>{url}</>;
  return (
    <a href={url} target="_blank" rel="noreferrer noopener" dir="ltr">
      {url.replace(/^https?:\/\//i, '')}
      <span className="screen-reader-text">{__('(opens in a new tab)', 'confab')}</span>
    </a>
  );
}

/** That something was done, seen and read out. */
export function Done({ said, onRemove }: { said: string; onRemove: () => void }) {
  return (
    <div role="status">
      {said && (
        <Notice status="success" onRemove={onRemove} className="confab-notice">
          {said}
        </Notice>
      )}
    </div>
  );
}

/** Why something is shown that cannot be changed by whoever looks. */
export function NotAllowed({ needs }: { needs: Role }) {
  return <p className="confab-hint confab-not-allowed">{notAllowed(needs)}</p>;
}

/** The same as text, for a control that is there and cannot be used. */
export function notAllowed(role: Role): string {
  return {
    reader: __('You have no access to this site. Ask an owner of the account.', 'confab'),
    agent: __('You may read this. To change it you need the role of an agent: ask an owner of the account.', 'confab'),
    manager: __(
      'You may read this. To change it you need the role of a manager: ask an owner of the account.',
      'confab',
    ),
    owner: __('You may read this. Only owners of the account may change it.', 'confab'),
  }[role];
}
