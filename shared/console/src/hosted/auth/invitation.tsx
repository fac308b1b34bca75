import type { Me, Role } from '@confab/contract';
import { Button } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { pageLocale } from '../../format.ts';
import { Facts, Waiting } from '../../parts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { askOnce } from '../api.ts';
import { Form, NameField, NewPasswordField, Refusal } from '../forms.tsx';
import { withNext } from '../next.ts';
import { roleMeans, roleName } from '../words.ts';
import { Card } from './card.tsx';

/** As the relay shows it to whoever holds the link. */
type Look = { accountName: string | null; email: string; role: Role; hasUser: boolean };

export function Invitation({ token, me, done }: { token: string; me: Me | undefined; done: () => Promise<void> }) {
  const { answer, error } = useLoaded(
    useCallback(async () => (await askOnce<Look>('POST', '/v1/invitations/look', { body: { token } })).answer, [token]),
  );
  const title = __('Invitation', 'confab');
  if (error)
    return (
      <Card title={title}>
        <Refusal error={error} />
        <p>{__('Whoever invited you can send another invitation.', 'confab')}</p>
        <p>
          <a href="/console/">{__('To the console', 'confab')}</a>
        </p>
      </Card>
    );
  if (!answer)
    return (
      <Card title={title}>
        <Waiting />
      </Card>
    );
  const { accountName, email, role, hasUser } = answer;
  return (
    <Card
      title={
        accountName
          ? sprintf(/* translators: %s: the name of an account */ __('Join %s', 'confab'), accountName)
          : __('Create your account', 'confab')
      }
    >
      <Facts
        facts={[
          [__('For', 'confab'), <bdi key="for">{email}</bdi>],
          ...(accountName
            ? [[__('Your role', 'confab'), `${roleName(role)}: ${roleMeans(role)}`] as [string, string]]
            : []),
        ]}
      />
      <Next {...{ token, me, email, hasUser, done }} />
    </Card>
  );
}

function Next({
  token,
  me,
  email,
  hasUser,
  done,
}: {
  token: string;
  me: Me | undefined;
  email: string;
  hasUser: boolean;
  done: () => Promise<void>;
}) {
  const accept = async () => {
    await askOnce('POST', '/v1/invitations/accept', { body: { token } });
    await done();
  };
  const here = `/console/invitation?${new URLSearchParams({ token })}`;
  if (me && me.user.email.toLowerCase() === email.toLowerCase()) {
    return <Form submit={accept} action={__('Accept', 'confab')} />;
  }
  if (me) {
    const signOut = async () => {
      await askOnce('POST', '/v1/auth/sign-out');
      location.assign(here);
    };
    return (
      <>
        <p>
          {sprintf(
            /* translators: %s: an e-mail address */
            __('You are signed in as %s, and this invitation is for somebody else.', 'confab'),
            me.user.email,
          )}
        </p>
        <Button variant="secondary" __next40pxDefaultSize onClick={signOut}>
          {__('Sign out', 'confab')}
        </Button>
      </>
    );
  }
  if (!hasUser) return <Join token={token} email={email} done={done} />;
  return (
    <p>
      <a className="components-button is-primary is-next-40px-default-size" href={withNext('/console/sign-in', here)}>
        {__('Sign in to accept', 'confab')}
      </a>
    </p>
  );
}

/** The link came by mail to this address, so that it needs no second one. */
function Join({ token, email, done }: { token: string; email: string; done: () => Promise<void> }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const join = async () => {
    const body = { name: name.trim(), email, password, locale: pageLocale(), invitation: token };
    await askOnce('POST', '/v1/auth/sign-up', { body });
    await askOnce('POST', '/v1/invitations/accept', { body: { token } });
    await done();
  };
  return (
    <Form submit={join} action={__('Create account and accept', 'confab')}>
      <NameField value={name} onChange={setName} />
      <input type="hidden" autoComplete="username" value={email} readOnly />
      <NewPasswordField label={__('Password', 'confab')} value={password} onChange={setPassword} />
    </Form>
  );
}
