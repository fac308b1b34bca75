import type { SessionList, SignInPage } from '@confab/contract';
import { Button } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { formatMoment } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Problem, Section, Waiting } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { useLoaded } from '../../use-loaded.ts';
import { ask } from '../api.ts';
import { browserOf } from './browser-name.ts';

/** Where somebody is signed in. */
export function Sessions() {
  const { answer, error, reload } = useLoaded(
    useCallback(async () => (await ask<SessionList>('GET', '/v1/me/sessions')).answer.items, []),
  );
  const { act, error: refusal, isBusy, said } = useAction();
  const end = (path: string, done: string) => act(() => ask('DELETE', `/v1/me/sessions${path}`), done).then(reload);
  return (
    <Section title={__('Where you are signed in', 'confab')}>
      {error && <Problem error={error} retry={reload} />}
      {refusal && <Problem error={refusal} />}
      {!answer && !error && <Waiting />}
      <ul className="confab-rows">
        {answer?.map(({ sessionId, current, ipAddress, userAgent, lastSeenAt }) => (
          <li key={sessionId}>
            <span>
              <strong>{browserOf(userAgent)}</strong>
              {current && ` ${__('(this one)', 'confab')}`}
              <br />
              {[
                ipAddress,
                sprintf(/* translators: %s: a moment */ __('last seen %s', 'confab'), formatMoment(lastSeenAt)),
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
            {!current && (
              <Button
                variant="secondary"
                size="compact"
                disabled={isBusy}
                accessibleWhenDisabled
                aria-label={sprintf(
                  /* translators: %s: a browser */
                  __('Sign out %s', 'confab'),
                  browserOf(userAgent),
                )}
                onClick={() => end(`/${sessionId}`, __('It has been signed out.', 'confab'))}
              >
                {__('Sign out', 'confab')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {answer && answer.length > 1 && (
        <Button
          variant="secondary"
          __next40pxDefaultSize
          disabled={isBusy}
          accessibleWhenDisabled
          onClick={() => end('', __('You have been signed out everywhere else.', 'confab'))}
        >
          {__('Sign out everywhere else', 'confab')}
        </Button>
      )}
      <p role="status">{said}</p>
    </Section>
  );
}

type SignIn = SignInPage['items'][number];

export function SignIns() {
  const [columns] = useState<Column<SignIn>[]>(() => [
    { id: 'at', label: __('When', 'confab'), show: ({ at }) => formatMoment(at) },
    { id: 'outcome', label: __('What', 'confab'), show: ({ outcome }) => outcomeName(outcome) },
    { id: 'method', label: __('By', 'confab'), show: ({ method }) => methodName(method) },
    { id: 'browser', label: __('Browser', 'confab'), show: ({ userAgent }) => browserOf(userAgent) },
    { id: 'ip', label: __('Network address', 'confab'), show: ({ ipAddress }) => ipAddress ?? '–' },
  ]);
  return (
    <PagedList
      path="/sign-ins"
      title={__('Sign-ins', 'confab')}
      intro={__('What was tried with your address. Something that was not you? Change your password.', 'confab')}
      empty={__('There is nothing to show yet.', 'confab')}
      columns={columns}
      idOf={({ id }) => id}
      csv={false}
    />
  );
}

const outcomeName = (outcome: SignIn['outcome']): string =>
  ({
    signed_in: __('Signed in', 'confab'),
    second_factor: __('Password right, code asked for', 'confab'),
    refused: __('Refused', 'confab'),
  })[outcome] ?? outcome;

const methodName = (method: SignIn['method']): string =>
  ({
    password: __('Password', 'confab'),
    totp: __('Code of the app', 'confab'),
    recovery: __('Recovery code', 'confab'),
    passkey: __('Passkey', 'confab'),
    link: __('Link in a mail', 'confab'),
  })[method] ?? method;
