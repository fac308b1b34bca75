import { TextareaControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { Section } from '../../parts.tsx';
import { ask } from '../api.ts';
import { Field, Form } from '../forms.tsx';
import { useSession } from '../session.ts';

export function OwnData() {
  return (
    <Section
      title={__('Your own data', 'confab')}
      intro={__('Everything that this relay keeps about you as somebody who signs in, as one JSON file.', 'confab')}
    >
      <a
        className="components-button is-secondary is-next-40px-default-size"
        href="/v1/me/export"
        download="confab-user.json"
      >
        {__('Download your data', 'confab')}
      </a>
    </Section>
  );
}

/** A mail to whoever runs the relay. */
export function Support() {
  const { me, account, tell } = useSession();
  const [subject, setSubject] = useState('');
  const [message, setMessage] = useState('');
  const send = async () => {
    await ask('POST', '/v1/me/support', { body: { subject: subject.trim(), message, page: location.pathname } });
    setSubject('');
    setMessage('');
    tell(__('Your message is on its way. The answer comes by e-mail.', 'confab'));
  };
  return (
    <Section
      title={__('Ask for help', 'confab')}
      intro={sprintf(
        /* translators: 1: an e-mail address, 2: the name of an account */
        __('Your address (%1$s) and the account (%2$s) go along, so that you need not explain who you are.', 'confab'),
        me.user.email,
        account?.name ?? '–',
      )}
    >
      <Form submit={send} action={__('Send', 'confab')}>
        <Field
          name="subject"
          label={__('What it is about', 'confab')}
          value={subject}
          onChange={setSubject}
          maxLength={120}
          required
        />
        <TextareaControl
          __nextHasNoMarginBottom
          label={__('Your message', 'confab')}
          value={message}
          onChange={setMessage}
          maxLength={5_000}
          rows={6}
          required
        />
      </Form>
    </Section>
  );
}
