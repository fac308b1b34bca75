import { Button } from '@wordpress/components';
import { useCallback, useMemo, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import { encode } from 'uqr';
import { formatDay } from '../../format.ts';
import { Problem, Section, Waiting } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { useLoaded } from '../../use-loaded.ts';
import { ask } from '../api.ts';
import { Copyable } from '../copy.tsx';
import { Field, Form, PasswordField } from '../forms.tsx';
import { knowsPasskeys, makePasskey } from '../passkeys.ts';
import { useSession } from '../session.ts';

type Setup = { uri: string; secret: string };
type Codes = { recoveryCodes: string[] };

/** A code of an app after the password. */
export function SecondFactor() {
  const { me, reload, tell } = useSession();
  const [setup, setSetup] = useState<Setup>();
  const [codes, setCodes] = useState<string[]>();
  const [step, setStep] = useState<'off' | 'codes'>();
  const title = __('Second factor', 'confab');

  if (codes)
    return (
      <Section
        title={title}
        intro={__(
          'Keep these recovery codes where you find them without your phone. Each signs you in once. They are not shown again.',
          'confab',
        )}
      >
        <Copyable text={codes.join('\n')} label={__('Recovery codes', 'confab')} />
        <Button
          variant="primary"
          __next40pxDefaultSize
          onClick={() => {
            setCodes(undefined);
            setStep(undefined);
            void reload();
          }}
        >
          {__('I have kept them', 'confab')}
        </Button>
      </Section>
    );
  if (setup)
    return (
      <Section title={title}>
        <Confirm
          setup={setup}
          cancel={() => setSetup(undefined)}
          done={recoveryCodes => {
            setSetup(undefined);
            setCodes(recoveryCodes);
          }}
        />
      </Section>
    );
  if (!me.user.twoFactor)
    return (
      <Section
        title={title}
        intro={__(
          'It is off. With it, nobody signs in by your password alone: a code from an app on your phone is asked for, too.',
          'confab',
        )}
      >
        <WithPassword
          action={__('Set it up', 'confab')}
          submit={async password => setSetup((await ask<Setup>('POST', '/v1/me/totp', { body: { password } })).answer)}
        />
      </Section>
    );
  return (
    <Section title={title} intro={__('It is on: a code is asked for after your password.', 'confab')}>
      {step === undefined && (
        <div className="confab-actions">
          <Button variant="secondary" __next40pxDefaultSize onClick={() => setStep('codes')}>
            {__('New recovery codes…', 'confab')}
          </Button>
          <Button variant="secondary" isDestructive __next40pxDefaultSize onClick={() => setStep('off')}>
            {__('Switch it off…', 'confab')}
          </Button>
        </div>
      )}
      {step === 'codes' && (
        <WithPassword
          action={__('Make new recovery codes', 'confab')}
          cancel={() => setStep(undefined)}
          submit={async password => {
            const { answer } = await ask<Codes>('POST', '/v1/me/recovery-codes', { body: { password } });
            setCodes(answer.recoveryCodes);
          }}
        />
      )}
      {step === 'off' && (
        <WithPassword
          action={__('Switch it off', 'confab')}
          cancel={() => setStep(undefined)}
          submit={async password => {
            await ask('DELETE', '/v1/me/totp', { body: { password } });
            setStep(undefined);
            await reload();
            tell(__('Your password alone signs you in now.', 'confab'));
          }}
        />
      )}
    </Section>
  );
}

/** Dark on light also in the dark: not every camera reads it the other way round. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = useMemo(() => encode(text, { border: 2 }), [text]);
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')));
  return (
    <svg className="confab-qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path.join('')} fill="#000" />
    </svg>
  );
}

function Confirm({
  setup: { uri, secret },
  cancel,
  done,
}: {
  setup: Setup;
  cancel: () => void;
  done: (recoveryCodes: string[]) => void;
}) {
  const [code, setCode] = useState('');
  const confirm = async () => {
    const body = { code: code.replace(/\s/g, '') };
    done((await ask<Codes>('POST', '/v1/me/totp/confirm', { body })).answer.recoveryCodes);
  };
  return (
    <>
      <ol className="confab-steps">
        <li>
          {__('In your authenticator app, add an account by this picture or by entering this key:', 'confab')}
          <QrCode text={uri} label={__('QR code of the key', 'confab')} />
          <Copyable text={secret.match(/.{1,4}/g)?.join(' ') ?? secret} label={__('Key for the app', 'confab')} />
          <a href={uri}>{__('The app is on this device: open it', 'confab')}</a>
        </li>
        <li>{__('Enter the code that the app shows:', 'confab')}</li>
      </ol>
      <Form
        submit={confirm}
        action={__('Switch it on', 'confab')}
        more={
          <Button variant="tertiary" __next40pxDefaultSize onClick={cancel}>
            {__('Cancel', 'confab')}
          </Button>
        }
      >
        <Field
          name="code"
          label={__('Code of six digits', 'confab')}
          value={code}
          onChange={setCode}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
        />
      </Form>
    </>
  );
}

/** Something of weight, for which somebody proves once more that it is them. */
export function WithPassword({
  action,
  submit,
  cancel,
  isDestructive = false,
  isDisabled = false,
  children,
}: {
  action: string;
  submit: (password: string) => Promise<void>;
  cancel?: () => void;
  isDestructive?: boolean;
  isDisabled?: boolean;
  /** Before the password. */
  children?: ReactNode;
}) {
  const [password, setPassword] = useState('');
  return (
    <Form
      submit={() => submit(password)}
      action={action}
      isDestructive={isDestructive}
      isDisabled={isDisabled}
      more={
        cancel && (
          <Button variant="tertiary" __next40pxDefaultSize onClick={cancel}>
            {__('Cancel', 'confab')}
          </Button>
        )
      }
    >
      {children}
      <PasswordField
        name="password"
        label={__('Your password', 'confab')}
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
      />
    </Form>
  );
}

type Passkey = { id: string; name: string; createdAt: string };

export function Passkeys() {
  const { tell } = useSession();
  const { answer, error, reload } = useLoaded(
    useCallback(async () => (await ask<{ items: Passkey[] }>('GET', '/v1/me/passkeys')).answer.items, []),
  );
  const { act, error: refusal, isBusy } = useAction();
  const [name, setName] = useState('');
  const add = async (password: string) => {
    type Options = Parameters<typeof makePasskey>[0];
    const options = (await ask<Options>('POST', '/v1/me/passkeys/options', { body: { password } })).answer;
    const response = await makePasskey(options);
    await ask('POST', '/v1/me/passkeys', { body: { name: name.trim() || deviceName(), response } });
    setName('');
    reload();
    tell(__('The passkey is there. You can sign in with it from now on.', 'confab'));
  };
  return (
    <Section
      title={__('Passkeys', 'confab')}
      intro={__('You sign in by your fingerprint, your face or a security key, without a password.', 'confab')}
    >
      {error && <Problem error={error} retry={reload} />}
      {refusal && <Problem error={refusal} />}
      {!answer && !error && <Waiting />}
      {answer?.length === 0 && <p className="confab-empty">{__('There is no passkey yet.', 'confab')}</p>}
      {answer && answer.length > 0 && (
        <ul className="confab-rows">
          {answer.map(({ id, name, createdAt }) => (
            <li key={id}>
              <span>
                <strong>
                  <bdi>{name}</bdi>
                </strong>{' '}
                {sprintf(/* translators: %s: a day */ __('since %s', 'confab'), formatDay(createdAt))}
              </span>
              <Button
                variant="secondary"
                isDestructive
                size="compact"
                disabled={isBusy}
                accessibleWhenDisabled
                aria-label={sprintf(/* translators: %s: a name */ __('Remove %s', 'confab'), name)}
                onClick={() => act(() => ask('DELETE', `/v1/me/passkeys/${id}`)).then(reload)}
              >
                {__('Remove', 'confab')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {knowsPasskeys() ? (
        <WithPassword action={__('Add a passkey', 'confab')} submit={add}>
          <Field
            name="name"
            label={__('Name of a new passkey, such as that of the device', 'confab')}
            value={name}
            onChange={setName}
            maxLength={120}
          />
        </WithPassword>
      ) : (
        <p>{__('This browser knows no passkeys.', 'confab')}</p>
      )}
    </Section>
  );
}

const deviceName = (): string => __('Passkey', 'confab');
