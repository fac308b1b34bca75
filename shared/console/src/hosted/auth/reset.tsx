import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { askOnce } from '../api.ts';
import { Field, Form, NewPasswordField } from '../forms.tsx';
import { withNext } from '../next.ts';
import { Card } from './card.tsx';
import { LookAtMail } from './sign-up.tsx';

export function ResetRequest({ next }: { next: string | null }) {
  const [email, setEmail] = useState('');
  const [sentTo, setSentTo] = useState<string>();
  const request = async () => {
    const address = email.trim();
    await askOnce('POST', '/v1/auth/reset-request', { body: { email: address } });
    setSentTo(address);
  };
  if (sentTo) return <LookAtMail email={sentTo} />;
  return (
    <Card
      title={__('Forgotten password', 'confab')}
      intro={__('We send you a link by which you can choose a new one.', 'confab')}
    >
      <Form submit={request} action={__('Send the link', 'confab')}>
        <Field
          name="email"
          type="email"
          label={__('E-mail address', 'confab')}
          value={email}
          onChange={setEmail}
          autoComplete="username"
          required
        />
      </Form>
      <p>
        <a href={withNext('/console/sign-in', next)}>{__('Back to signing in', 'confab')}</a>
      </p>
    </Card>
  );
}

export function NewPassword({ token }: { token: string }) {
  const [password, setPassword] = useState('');
  const [isDone, setDone] = useState(false);
  const reset = async () => {
    await askOnce('POST', '/v1/auth/reset', { body: { token, password } });
    setDone(true);
  };
  if (isDone)
    return (
      <Card title={__('New password', 'confab')}>
        <p role="status">{__('Your new password is valid. You have been signed out everywhere.', 'confab')}</p>
        <p>
          <a href="/console/sign-in">{__('Sign in', 'confab')}</a>
        </p>
      </Card>
    );
  return (
    <Card
      title={__('New password', 'confab')}
      intro={__('Afterwards you sign in with it, on each of your devices.', 'confab')}
    >
      <Form submit={reset} action={__('Save the new password', 'confab')}>
        <NewPasswordField label={__('New password', 'confab')} value={password} onChange={setPassword} />
      </Form>
      <p>
        <a href="/console/reset">{__('Ask for another link', 'confab')}</a>
      </p>
    </Card>
  );
}
