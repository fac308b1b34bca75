import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { pageLocale } from '../../format.ts';
import { askOnce } from '../api.ts';
import { Field, Form, NameField, NewPasswordField } from '../forms.tsx';
import { withNext } from '../next.ts';
import { Card } from './card.tsx';

export function SignUp({ next }: { next: string | null }) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [sentTo, setSentTo] = useState<string>();
  const signUp = async () => {
    const address = email.trim();
    await askOnce('POST', '/v1/auth/sign-up', {
      body: { name: name.trim(), email: address, password, locale: pageLocale() },
    });
    setSentTo(address);
  };
  if (sentTo) return <LookAtMail email={sentTo} />;
  return (
    <Card title={__('Create an account', 'confab')}>
      <Form submit={signUp} action={__('Create account', 'confab')}>
        <NameField value={name} onChange={setName} />
        <Field
          name="email"
          type="email"
          label={__('E-mail address', 'confab')}
          value={email}
          onChange={setEmail}
          autoComplete="username"
          required
        />
        <NewPasswordField label={__('Password', 'confab')} value={password} onChange={setPassword} />
      </Form>
      <p>
        {__('You have an account already?', 'confab')}{' '}
        <a href={withNext('/console/sign-in', next)}>{__('Sign in', 'confab')}</a>
      </p>
    </Card>
  );
}

/** The same whether there was an account or not: who asks must not learn that. */
export function LookAtMail({ email }: { email: string }) {
  return (
    <Card title={__('Look at your mail', 'confab')}>
      <p role="status">
        {sprintf(
          /* translators: %s: an e-mail address */
          __('We have sent a message to %s. Follow the link in it to go on. It is valid for a limited time.', 'confab'),
          email,
        )}
      </p>
      <p>{__('Nothing there? Look among the unwanted mails, or check the address and try again.', 'confab')}</p>
      <p>
        <a href="/console/sign-in">{__('Back to signing in', 'confab')}</a>
      </p>
    </Card>
  );
}

/** Somebody presses a button, as programs that check mails follow every link in them. */
export function Verify({ token, done }: { token: string; done: () => Promise<void> }) {
  const verify = async () => {
    await askOnce('POST', '/v1/auth/verify', { body: { token } });
    await done();
  };
  return (
    <Card
      title={__('Confirm your address', 'confab')}
      intro={__('One press, and this e-mail address is confirmed as yours.', 'confab')}
    >
      <Form submit={verify} action={__('Confirm and go on', 'confab')} />
      <p>
        <a href="/console/sign-in">{__('Back to signing in', 'confab')}</a>
      </p>
    </Card>
  );
}
