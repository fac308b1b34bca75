import { Button } from '@wordpress/components';
import { useCallback } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import type { PrivacyRegister, SubProcessor } from '../../../../contract/src/privacy-register.ts';
import { useClient } from '../../client.ts';
import { formatMoment, formatNumber } from '../../format.ts';
import { Problem, Section, Waiting } from '../../parts.tsx';
import { saveFile } from '../../save-file.ts';
import { translated } from '../../translated.ts';
import { useLoaded } from '../../use-loaded.ts';
import { agreementText, asPlainText, serviceName } from './agreement.ts';

/** Who gets data and which data are kept, made from how the site is set up now; and the same for a contract. */
export function Register() {
  const { request } = useClient();
  const { answer, error, reload } = useLoaded(
    useCallback(async () => (await request<PrivacyRegister>('GET', '/privacy-register')).answer, [request]),
  );
  return (
    <>
      <Section
        title={__('Sub-processors', 'confab')}
        intro={__(
          'Who gets data of your visitors as this site is set up now. Whoever runs the relay comes on top.',
          'confab',
        )}
      >
        {!answer && (error ? <Problem error={error} retry={reload} /> : <Waiting />)}
        {answer && answer.subProcessors.length === 0 && (
          <p className="confab-empty">
            {__('Nobody: answers are quotes from your pages, and nothing leaves the relay.', 'confab')}
          </p>
        )}
        {answer && answer.subProcessors.length > 0 && <Receivers receivers={answer.subProcessors} />}
      </Section>
      {answer && (
        <>
          <Section
            title={__('Data map', 'confab')}
            intro={__('Which data of visitors are kept, what for, where from and how long.', 'confab')}
          >
            {answer.data.map(({ kind, table, data, purpose, origin, recipients, kept, days }) => (
              <details key={`${kind} ${table}`} className="confab-locale">
                <summary>
                  <span lang="en">{data}</span> <span className="confab-by">({table})</span>
                </summary>
                <dl className="confab-facts">
                  <Fact name={__('What for', 'confab')}>
                    <span lang="en">{purpose}</span>
                  </Fact>
                  <Fact name={__('Where from', 'confab')}>
                    <span lang="en">{origin}</span>
                  </Fact>
                  <Fact name={__('Who receives it', 'confab')}>
                    <span lang="en">{recipients}</span>
                  </Fact>
                  <Fact name={__('How long', 'confab')}>
                    <span lang="en">{kept}</span>{' '}
                    {sprintf(
                      /* translators: %s: a number */
                      _n('(for this site: %s day)', '(for this site: %s days)', days, 'confab'),
                      formatNumber(days),
                    )}
                  </Fact>
                </dl>
              </details>
            ))}
          </Section>
          <Section
            title={__('Data for your processing agreement', 'confab')}
            intro={__(
              'The facts that the annexes of an agreement under Art. 28 GDPR ask for, and a record of processing under Art. 30, as they stand now. It is no legal advice.',
              'confab',
            )}
          >
            <div className="confab-actions">
              <Button
                variant="secondary"
                __next40pxDefaultSize
                onClick={() => saveFile('processing.md', 'text/markdown', agreementText(answer))}
              >
                {__('Save as Markdown', 'confab')}
              </Button>
              <Button
                variant="secondary"
                __next40pxDefaultSize
                onClick={() => saveFile('processing.txt', 'text/plain', asPlainText(agreementText(answer)))}
              >
                {__('Save as text', 'confab')}
              </Button>
            </div>
            <p className="confab-hint">
              {sprintf(/* translators: %s: date and time */ __('As of %s', 'confab'), formatMoment(answer.generatedAt))}
            </p>
          </Section>
        </>
      )}
    </>
  );
}

function Receivers({ receivers }: { receivers: SubProcessor[] }) {
  return (
    <ul className="confab-receivers">
      {receivers.map(({ name, service, purpose, data, place, state }) => (
        <li key={`${name} ${service}`}>
          <strong>{name}</strong> <span className="confab-by">({serviceName(service)})</span>
          <dl className="confab-facts">
            <Fact name={__('What for', 'confab')}>{translated(purpose)}</Fact>
            <Fact name={__('What it gets', 'confab')}>{translated(data)}</Fact>
            {place && (
              <Fact name={__('Where', 'confab')}>
                <code>{place}</code>
              </Fact>
            )}
            {state === 'incomplete' && (
              <Fact name={__('State', 'confab')}>
                {__('Chosen, but gets nothing yet: its credentials are missing.', 'confab')}
              </Fact>
            )}
          </dl>
        </li>
      ))}
    </ul>
  );
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
