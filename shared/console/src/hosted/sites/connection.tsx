import type { AccountSite, Role, SiteSecretResponse } from '@confab/contract';
import { Button, RadioControl } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { mayAs } from '../../client.ts';
import { formatMoment } from '../../format.ts';
import { Address, Facts, Problem, Section, Waiting } from '../../parts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { ask } from '../api.ts';
import { Copyable } from '../copy.tsx';
import { Field, Form } from '../forms.tsx';
import { go } from '../router.ts';
import { BASE } from '../routes.ts';
import { useSession } from '../session.ts';
import { Secret } from './new-site.tsx';

/** How a site is connected, its snippet and its secret, and how it is removed. */
export default function Connection({ site, role }: { site: AccountSite; role: Role }) {
  const isOwner = mayAs(role, 'owner');
  return (
    <>
      <Section title={__('This site', 'confab')}>
        <Facts
          facts={[
            [__('Name', 'confab'), site.name],
            [__('Address', 'confab'), <Address key="address" url={site.homeUrl} />],
            [__('Key', 'confab'), <code key="key">{site.siteKey}</code>],
            [__('State', 'confab'), site.connected ? __('Connected', 'confab') : __('Not connected', 'confab')],
          ]}
        />
      </Section>
      <Snippet siteId={site.siteId} />
      {isOwner && site.platform !== 'shopify' && <Rotate siteId={site.siteId} />}
      {isOwner && <Remove site={site} />}
    </>
  );
}

function Snippet({ siteId }: { siteId: string }) {
  const { answer, error, reload } = useLoaded(
    useCallback(async () => (await ask<{ snippet: string }>('GET', `/v1/sites/${siteId}/snippet`)).answer, [siteId]),
  );
  return (
    <Section
      title={__('Snippet', 'confab')}
      intro={__(
        'It stands in every page of the site, right before </body>. The plugins for WordPress and Shopify put it there themselves.',
        'confab',
      )}
    >
      {error && <Problem error={error} retry={reload} />}
      {!answer && !error && <Waiting />}
      {answer && <Copyable text={answer.snippet} label={__('Snippet', 'confab')} />}
    </Section>
  );
}

function Rotate({ siteId }: { siteId: string }) {
  const [made, setMade] = useState<SiteSecretResponse>();
  const rotate = async () => setMade((await ask<SiteSecretResponse>('POST', `/v1/sites/${siteId}/secret`)).answer);
  if (made)
    return (
      <>
        <Secret secret={made.siteSecret} />
        {made.previousUntil && (
          <p role="status">
            {sprintf(
              /* translators: %s: a moment */
              __('The secret before it is valid until %s. Put the new one in its place by then.', 'confab'),
              formatMoment(made.previousUntil),
            )}
          </p>
        )}
      </>
    );
  return (
    <Section
      title={__('Secret', 'confab')}
      intro={__(
        'What the site’s own server, or its plugin, proves itself by. A new one is shown once; the one before stays valid for a day, so that nothing stops meanwhile.',
        'confab',
      )}
    >
      <Form submit={rotate} action={__('Make a new secret', 'confab')} />
    </Section>
  );
}

function Remove({ site }: { site: AccountSite }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Section
      title={__('Remove the site', 'confab')}
      intro={__('Its chat disappears from its pages, and everybody of the team loses sight of it.', 'confab')}
    >
      {isOpen ? (
        <Confirm site={site} close={() => setOpen(false)} />
      ) : (
        <Button variant="secondary" isDestructive __next40pxDefaultSize onClick={() => setOpen(true)}>
          {__('Remove this site…', 'confab')}
        </Button>
      )}
    </Section>
  );
}

function Confirm({ site, close }: { site: AccountSite; close: () => void }) {
  const { reload, tell } = useSession();
  const [what, setWhat] = useState('keep');
  const [typed, setTyped] = useState('');
  const remove = async () => {
    await ask('DELETE', `/v1/sites/${site.siteId}/connection`, { body: { erase: what === 'erase' } });
    go(`${BASE}/sites`);
    await reload();
    tell(sprintf(/* translators: %s: its name */ __('The site “%s” has been removed.', 'confab'), site.name));
  };
  return (
    <Form
      submit={remove}
      action={__('Remove for good', 'confab')}
      isDestructive
      isDisabled={typed.trim() !== site.name}
      more={
        <Button variant="tertiary" __next40pxDefaultSize onClick={close}>
          {__('Cancel', 'confab')}
        </Button>
      }
    >
      <RadioControl
        label={__('What becomes of its data', 'confab')}
        selected={what}
        onChange={setWhat}
        options={[
          {
            value: 'keep',
            label: __('Keep them until their windows end', 'confab'),
            description: __(
              'Conversations, leads and proofs of consent go when they would have gone anyway.',
              'confab',
            ),
          },
          {
            value: 'erase',
            label: __('Erase everything now', 'confab'),
            description: __('Nobody can bring it back, and neither can we.', 'confab'),
          },
        ]}
      />
      <Field
        name="confirmation"
        label={sprintf(/* translators: %s: the name of a site */ __('Type “%s” to confirm', 'confab'), site.name)}
        value={typed}
        onChange={setTyped}
        autoComplete="off"
        required
      />
    </Form>
  );
}
