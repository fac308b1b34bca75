import { SelectControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { Section } from '../../parts.tsx';
import { ask } from '../api.ts';
import { Field, Form, NameField, NewPasswordField, PasswordField } from '../forms.tsx';
import { languages } from '../languages.ts';
import { useSession } from '../session.ts';

export function Profile() {
  const { me, reload, tell } = useSession();
  const [name, setName] = useState(me.user.name);
  const known = Object.keys(languages);
  const [locale, setLocale] = useState(known.includes(me.user.locale) ? me.user.locale : 'en');
  const save = async () => {
    await ask('PUT', '/v1/me', { body: { name: name.trim(), locale } });
    // The texts of the whole console are another language's then.
    if (locale !== document.documentElement.lang) return location.reload();
    await reload();
    tell(__('Saved.', 'confab'));
  };
  return (
    <Section title={__('Profile', 'confab')}>
      <Form submit={save} action={__('Save', 'confab')}>
        <NameField value={name} onChange={setName} />
        <SelectControl
          __next40pxDefaultSize
          __nextHasNoMarginBottom
          label={__('Language of the console and of our mails', 'confab')}
          value={locale}
          onChange={setLocale}
          options={Object.entries(languages).map(([value, label]) => ({ value, label }))}
        />
      </Form>
    </Section>
  );
}

export function EmailAddress() {
  const { me, tell } = useSession();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const change = async () => {
    const address = email.trim();
    await ask('POST', '/v1/me/email', { body: { email: address, password } });
    setEmail('');
    setPassword('');
    tell(
      sprintf(
        /* translators: %s: an e-mail address */
        __('Follow the link that we have sent to %s. Until then everything stays as it is.', 'confab'),
        address,
      ),
    );
  };
  return (
    <Section
      title={__('E-mail address', 'confab')}
      intro={sprintf(/* translators: %s: an e-mail address */ __('You sign in with %s.', 'confab'), me.user.email)}
    >
      <Form submit={change} action={__('Change the address', 'confab')}>
        <Field
          name="email"
          type="email"
          label={__('New e-mail address', 'confab')}
          value={email}
          onChange={setEmail}
          autoComplete="email"
          required
        />
        <PasswordField
          name="password"
          label={__('Your password', 'confab')}
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
        />
      </Form>
    </Section>
  );
}

export function Password() {
  const { tell } = useSession();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const change = async () => {
    await ask('PUT', '/v1/me/password', { body: { current, password } });
    setCurrent('');
    setPassword('');
    tell(__('Your new password is valid. You have been signed out everywhere else.', 'confab'));
  };
  return (
    <Section title={__('Password', 'confab')}>
      <Form submit={change} action={__('Change the password', 'confab')}>
        <PasswordField
          name="current"
          label={__('Present password', 'confab')}
          value={current}
          onChange={setCurrent}
          autoComplete="current-password"
        />
        <NewPasswordField label={__('New password', 'confab')} value={password} onChange={setPassword} />
      </Form>
    </Section>
  );
}
