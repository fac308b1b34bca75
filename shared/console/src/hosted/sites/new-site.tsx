import type { SiteCreated } from '@confab/contract';
import { Notice } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { useClient } from '../../client.ts';
import { Section } from '../../parts.tsx';
import { Copyable } from '../copy.tsx';
import { Field, Form } from '../forms.tsx';
import { go } from '../router.ts';
import { siteAddress } from '../routes.ts';
import { useSession } from '../session.ts';

/** The ways by which a site comes into the account. */
export default function NewSite() {
  const [made, setMade] = useState<SiteCreated>();
  if (made) return <Made site={made} />;
  return (
    <>
      <BySnippet made={setMade} />
      <Section title={__('A WordPress site', 'confab')}>
        <ol className="confab-steps">
          <li>{__('Install the plugin “Confab” in WordPress and open its page.', 'confab')}</li>
          <li>
            {__('Enter the address of this relay there and press Connect:', 'confab')}
            <Copyable text={location.origin} label={__('Address of this relay', 'confab')} />
          </li>
          <li>{__('You are led here, choose this account, and approve.', 'confab')}</li>
        </ol>
      </Section>
      <Section title={__('A Shopify shop', 'confab')}>
        <p>
          {__('Install the app “Confab” in the shop. It is connected by that, and nothing has to be pasted.', 'confab')}
        </p>
      </Section>
      <BySecret />
    </>
  );
}

function BySnippet({ made }: { made: (site: SiteCreated) => void }) {
  const { request } = useClient();
  const { reload } = useSession();
  const [name, setName] = useState('');
  const [address, setAddress] = useState('');
  const add = async () => {
    const { answer } = await request<SiteCreated>('POST', '/sites', {
      body: { name: name.trim(), origin: originOf(address) },
    });
    await reload();
    made(answer);
  };
  return (
    <Section
      title={__('Any site, by a snippet', 'confab')}
      intro={__('A few lines of HTML in the pages of the site, whatever it is made with.', 'confab')}
    >
      <Form submit={add} action={__('Add the site', 'confab')}>
        <Field
          name="name"
          label={__('Name of the site', 'confab')}
          help={__('Visitors see it, such as in the notice about their data.', 'confab')}
          value={name}
          onChange={setName}
          maxLength={120}
          required
        />
        <Field
          name="origin"
          label={__('Address of the site', 'confab')}
          help={__('Such as https://shop.example. The chat works on pages of this address only.', 'confab')}
          value={address}
          onChange={setAddress}
          inputMode="url"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
      </Form>
    </Section>
  );
}

/** People paste the address of a page, or leave out how it begins. */
const originOf = (address: string): string => {
  const text = address.trim();
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  return url?.origin ?? text;
};

function Made({ site: { siteId, siteSecret, snippet } }: { site: SiteCreated }) {
  return (
    <>
      <Section title={__('The site is there', 'confab')}>
        <p>{__('Paste this into every page of the site, right before </body>:', 'confab')}</p>
        <Copyable text={snippet} label={__('Snippet', 'confab')} />
        <p>
          {__(
            'Then open a page of the site: the chat appears in the corner. What it knows, it learns from you next.',
            'confab',
          )}
        </p>
        <p className="confab-actions">
          <a href={siteAddress(siteId, 'knowledge')}>{__('Add knowledge', 'confab')}</a>
          <a href={siteAddress(siteId, 'settings')}>{__('Change how it looks', 'confab')}</a>
          <a href={siteAddress(siteId, 'home')}>{__('To the site', 'confab')}</a>
        </p>
      </Section>
      <Secret secret={siteSecret} />
    </>
  );
}

/** Shown once, as the relay keeps nothing that it could be read from. */
export function Secret({ secret }: { secret: string }) {
  return (
    <Section title={__('The secret of the site', 'confab')}>
      <Notice status="warning" isDismissible={false}>
        {__('It is shown this once. Keep it like a password: it opens everything of this site.', 'confab')}
      </Notice>
      <p>{__('Only programs on your own server need it, such as one that sends pages to the relay.', 'confab')}</p>
      <Copyable text={secret} label={__('Secret of the site', 'confab')} />
    </Section>
  );
}

function BySecret() {
  const { request } = useClient();
  const { reload } = useSession();
  const [siteSecret, setSecret] = useState('');
  const adopt = async () => {
    const { answer } = await request<{ siteId: string }>('POST', '/sites/adopt', {
      body: { siteSecret: siteSecret.trim() },
    });
    await reload();
    go(siteAddress(answer.siteId, 'home'));
  };
  return (
    <Section
      title={__('A site that runs already', 'confab')}
      intro={__('A site that belongs to no account yet is taken into yours by its secret.', 'confab')}
    >
      <Form submit={adopt} action={__('Take it over', 'confab')}>
        <Field
          name="siteSecret"
          type="password"
          label={__('Secret of the site', 'confab')}
          value={siteSecret}
          onChange={setSecret}
          autoComplete="off"
          required
        />
      </Form>
    </Section>
  );
}
