import { useCallback } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { SiteResponse } from '../../../../contract/src/site.ts';
import { useClient } from '../../client.ts';
import { isCrm, targetName } from '../../delivery.ts';
import type { Json } from '../../json.ts';
import { valueAt } from '../../json.ts';
import { NotAllowed, Problem, Section, Waiting } from '../../parts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { Confirmations } from '../settings/confirmations.tsx';
import { TestLeads } from '../settings/test-leads.tsx';

/** Providers as they call themselves. */
const PROVIDERS: Record<string, string> = { openai: 'OpenAI', anthropic: 'Anthropic', bedrock: 'AWS Bedrock' };

/** Who answers, where leads go, and which addresses are written to: how each of them stands. */
export function Connections() {
  const { request, may, href } = useClient();
  const { answer, error, reload } = useLoaded(
    useCallback(async () => {
      const [site, settings] = await Promise.all([request<SiteResponse>('GET', ''), request<Json>('GET', '/settings')]);
      return { site: site.answer, settings: settings.answer };
    }, [request]),
  );
  if (!answer) {
    return (
      <Section title={__('Who answers', 'confab')}>
        {error ? <Problem error={error} retry={reload} /> : <Waiting />}
      </Section>
    );
  }
  const { integrations } = answer.site;
  const addresses = valueAt(answer.settings, 'notifications.addresses');
  const hasAddresses = Array.isArray(addresses) && addresses.length > 0;
  const chosen = valueAt(answer.settings, 'crm.connectors');
  const crms = Array.isArray(chosen) ? chosen.map(String) : [];
  const change = (
    <p>
      <a href={href('settings')}>{__('Change this in the settings', 'confab')}</a>
    </p>
  );
  return (
    <>
      <Section
        title={__('Who answers', 'confab')}
        intro={__('In the order of the settings. Where none of them can, the assistant quotes your pages.', 'confab')}
      >
        <States integrations={integrations.filter(({ name }) => name in PROVIDERS)} />
        {change}
      </Section>
      <Section title={__('Where leads go', 'confab')}>
        {crms.length === 0 ? (
          <p className="confab-empty">{__('No CRM is chosen. Leads are in the list of leads.', 'confab')}</p>
        ) : (
          <>
            <States integrations={integrations.filter(({ name }) => isCrm(name) && crms.includes(name))} />
            {may('manager') ? <TestLeads saved={answer.settings} isDirty={false} /> : <NotAllowed needs="manager" />}
          </>
        )}
        {change}
      </Section>
      <Section
        title={__('E-mails to you', 'confab')}
        intro={__('Nothing is sent to an address before its holder has confirmed it.', 'confab')}
      >
        {hasAddresses ? (
          <Confirmations saved={answer.settings} />
        ) : (
          <p className="confab-empty">{__('Nobody is written to.', 'confab')}</p>
        )}
        {change}
      </Section>
    </>
  );
}

function States({ integrations }: { integrations: SiteResponse['integrations'] }) {
  const words = {
    ready: __('ready', 'confab'),
    not_configured: __('its credentials are missing, or it is not chosen', 'confab'),
    failing: __('does not answer as it should', 'confab'),
  };
  return (
    <ul className="confab-list">
      {integrations.map(({ name, state }) => (
        <li key={name}>
          <strong>{PROVIDERS[name] ?? targetName(name)}</strong>:{' '}
          <span className={state === 'failing' ? 'confab-by confab-bad' : ''}>{words[state]}</span>
        </li>
      ))}
    </ul>
  );
}
