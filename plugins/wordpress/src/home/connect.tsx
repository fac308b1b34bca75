import { Button, TextControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { FormEvent } from 'react';
import { type ApiError, asApiError } from '../../../../shared/console/src/client.ts';
import { Problem, Section } from '../../../../shared/console/src/parts.tsx';
import { api, type Status } from '../api.ts';

const TYPED = 'confab-relay';

/** Whoever comes back from the relay without a connection need not type the address again. Read once, then gone. */
const typed = sessionStorage.getItem(TYPED) ?? '';
sessionStorage.removeItem(TYPED);

/** Says what will be sent, and sends nothing before the owner presses Connect. */
export function ConnectForm({ status, title, intro }: { status: Status; title: string; intro: string }) {
  const [address, setAddress] = useState(status.relayUrl || typed);
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);

  const connect = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const { redirectUrl } = await api.connect(address.trim());
      sessionStorage.setItem(TYPED, address.trim());
      location.assign(redirectUrl);
    } catch (problem) {
      setError(asApiError(problem));
      setBusy(false);
    }
  };

  return (
    <>
      <Section title={title} intro={intro}>
        <form onSubmit={connect} className="confab-form">
          <TextControl
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            type="url"
            label={__('Address of the relay', 'confab')}
            help={__(
              'Such as https://relay.example.com. It is printed when the relay starts; whoever runs it can tell you.',
              'confab',
            )}
            value={address}
            onChange={setAddress}
            required
          />
          {error && <Problem error={error} />}
          <Button
            variant="primary"
            type="submit"
            __next40pxDefaultSize
            isBusy={isBusy}
            disabled={isBusy}
            accessibleWhenDisabled
          >
            {isBusy ? __('Going to the relay…', 'confab') : __('Connect', 'confab')}
          </Button>
          <p className="confab-hint">
            {__('You go to the relay to sign in and approve, and come back here.', 'confab')}
          </p>
        </form>
      </Section>
      <Section
        title={__('What will be sent', 'confab')}
        intro={__(
          'Nothing leaves your site before you press Connect, and nothing goes anywhere but to this relay.',
          'confab',
        )}
      >
        <dl className="confab-sent">
          <dt>{__('When you connect', 'confab')}</dt>
          <dd>
            {__(
              'The address of your site, and the page to come back to. No name and no e-mail address. The relay calls your site once to make sure that it is yours.',
              'confab',
            )}
          </dd>
          <dt>{__('From then on, whenever you publish', 'confab')}</dt>
          <dd>
            {__(
              'Title, text, address, language and date of published public content, and of products price, stock and categories. Never drafts, private or password-protected content, or what you leave out. You choose the types on the tab Knowledge.',
              'confab',
            )}
          </dd>
          <dt>{__('When a visitor opens the chat, never earlier', 'confab')}</dt>
          <dd>
            {__(
              'Their question, the page they are on, and what they fill in. It is stored only if they agree; whoever declines is answered and forgotten.',
              'confab',
            )}
          </dd>
          <dt>{__('When you use these screens or the privacy tools of WordPress', 'confab')}</dt>
          <dd>
            {__(
              'Your settings, with the keys of the model providers you choose; and the e-mail address of whoever asks for their data.',
              'confab',
            )}
          </dd>
        </dl>
        <p className="confab-hint">
          {__(
            'If you choose a model provider such as OpenAI or Anthropic, the relay passes questions and matching passages of your pages on to it. The terms and the privacy policy of the relay are those of whoever runs it. The readme of this plugin names everybody.',
            'confab',
          )}
        </p>
      </Section>
    </>
  );
}
