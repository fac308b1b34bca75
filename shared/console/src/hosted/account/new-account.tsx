import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { Section } from '../../parts.tsx';
import { ask } from '../api.ts';
import { Field, Form } from '../forms.tsx';
import { useSession } from '../session.ts';

/** For whoever belongs to no account, such as after leaving their only one. */
export default function NewAccount() {
  const { reload } = useSession();
  const [name, setName] = useState('');
  const make = async () => {
    await ask('POST', '/v1/accounts', { body: { name: name.trim() } });
    await reload();
  };
  return (
    <Section
      title={__('You belong to no account', 'confab')}
      intro={__('Make one of your own, or ask somebody to invite you to theirs.', 'confab')}
    >
      <Form submit={make} action={__('Create account', 'confab')}>
        <Field
          name="name"
          label={__('Name of the account, such as that of your company', 'confab')}
          value={name}
          onChange={setName}
          autoComplete="organization"
          maxLength={120}
          required
        />
      </Form>
    </Section>
  );
}
