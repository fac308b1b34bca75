import { Button } from '@wordpress/components';
import { useEffect, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { type ApiError, asApiError } from '../../client.ts';
import { askOnce } from '../api.ts';
import { Field, Form, PasswordField, Refusal } from '../forms.tsx';
import { withNext } from '../next.ts';
import { knowsPasskeys, provePasskey } from '../passkeys.ts';
import { go } from '../router.ts';
import { Card } from './card.tsx';

type State = { state: 'signed_in' | 'second_factor' };

export function SignIn({
  next,
  done,
  waitsFor,
}: {
  next: string | null;
  done: () => Promise<void>;
  waitsFor: string | undefined;
}) {
  const [email, setEmail] = useState(waitsFor ?? '');
  const [password, setPassword] = useState('');
  const signIn = async () => {
    const { answer } = await askOnce<State>('POST', '/v1/auth/sign-in', { body: { email: email.trim(), password } });
    if (answer.state === 'second_factor') go(withNext('/console/second-factor', next));
    else await done();
  };
  return (
    <Card
      title={__('Sign in', 'confab')}
      intro={
        waitsFor &&
        __('Your session has ended. Sign in again to go on: what you have written is still there.', 'confab')
      }
    >
      <Form submit={signIn} action={__('Sign in', 'confab')}>
        <Field
          name="email"
          type="email"
          label={__('E-mail address', 'confab')}
          value={email}
          onChange={setEmail}
          autoComplete="username webauthn"
          required
        />
        <PasswordField
          name="password"
          label={__('Password', 'confab')}
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
        />
      </Form>
      {knowsPasskeys() && <ByPasskey done={done} />}
      <p>
        <a href={withNext('/console/reset', next)}>{__('Forgotten your password?', 'confab')}</a>
      </p>
      <p>
        {__('No account yet?', 'confab')} <a href={withNext('/console/sign-up', next)}>{__('Create one', 'confab')}</a>
      </p>
    </Card>
  );
}

function ByPasskey({ done }: { done: () => Promise<void> }) {
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  const signIn = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const { answer } = await askOnce<Parameters<typeof provePasskey>[0]>('POST', '/v1/auth/passkey/options', {
        body: {},
      });
      const response = await provePasskey(answer);
      await askOnce('POST', '/v1/auth/passkey', { body: { response } });
      await done();
    } catch (problem) {
      setError(asApiError(problem));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="confab-other-way">
      {error && <Refusal error={error} />}
      <Button variant="secondary" __next40pxDefaultSize isBusy={isBusy} onClick={signIn}>
        {__('Sign in with a passkey', 'confab')}
      </Button>
    </div>
  );
}

export function SecondFactor({ next, done }: { next: string | null; done: () => Promise<void> }) {
  const [kind, setKind] = useState<'totp' | 'recovery'>('totp');
  const [code, setCode] = useState('');
  useEffect(() => setCode(''), [kind]);
  const prove = async () => {
    try {
      await askOnce('POST', '/v1/auth/second-factor', { body: { kind, code: code.replace(/\s/g, '') } });
    } catch (error) {
      // Too long after the password, which has to come first again.
      if (asApiError(error).code !== 'unauthorized') throw error;
      return go(withNext('/console/sign-in', next), { replace: true });
    }
    await done();
  };
  const isTotp = kind === 'totp';
  return (
    <Card
      title={__('Second step', 'confab')}
      intro={
        isTotp
          ? __('Enter the code that your authenticator app shows now.', 'confab')
          : __('Enter one of the recovery codes that you kept. Each works once.', 'confab')
      }
    >
      <Form
        submit={prove}
        action={__('Sign in', 'confab')}
        more={
          <Button variant="tertiary" __next40pxDefaultSize onClick={() => setKind(isTotp ? 'recovery' : 'totp')}>
            {isTotp ? __('Use a recovery code', 'confab') : __('Use the authenticator app', 'confab')}
          </Button>
        }
      >
        <Field
          name="code"
          label={isTotp ? __('Code of six digits', 'confab') : __('Recovery code', 'confab')}
          value={code}
          onChange={setCode}
          inputMode={isTotp ? 'numeric' : 'text'}
          autoComplete={isTotp ? 'one-time-code' : 'off'}
          autoCapitalize="none"
          spellCheck={false}
          required
        />
      </Form>
      <p>
        <a href={withNext('/console/sign-in', next)}>{__('Back to signing in', 'confab')}</a>
      </p>
    </Card>
  );
}
