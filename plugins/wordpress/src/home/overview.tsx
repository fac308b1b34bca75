import { Button, Notice } from '@wordpress/components';
import { useEffect, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import { type ApiError, asApiError } from '../../../../shared/console/src/client.ts';
import { isCrm, targetName } from '../../../../shared/console/src/delivery.ts';
import { formatDay, formatNumber } from '../../../../shared/console/src/format.ts';
import { Address, Facts, Problem, Section } from '../../../../shared/console/src/parts.tsx';
import { api, type Status } from '../api.ts';
import { SyncProgress } from '../sync.tsx';
import { Disconnect } from './disconnect.tsx';
import type { HomeProps } from './home.tsx';

/** How often to look whether the relay has reached the site. */
const LOOK_AGAIN_MS = 5_000;

/** Clocks that differ by less do no harm. */
const CLOCK_S = 120;

/** How things stand: the connection, the knowledge, what was used, and what needs the owner's hand. */
export function Overview({ status, setStatus, reload }: HomeProps) {
  const { usage } = status;
  useEffect(() => {
    if (status.verification !== 'pending') return;
    const timer = setTimeout(reload, LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [status, reload]);
  return (
    <>
      <Problems status={status} setStatus={setStatus} reload={reload} />
      <Section title={__('Connection', 'confab')}>
        <Facts
          facts={[
            [__('State', 'confab'), <State key="state" status={status} />],
            [__('Relay', 'confab'), <Address key="relay" url={status.relayUrl} />],
            [__('Site key', 'confab'), <code key="key">{status.siteKey}</code>],
            [__('Secret', 'confab'), secretOf(status)],
          ]}
        />
        <p>
          <a className="button" href={status.homeUrl} target="_blank" rel="noreferrer noopener">
            {__('Try the chat on your site', 'confab')}
            <span className="screen-reader-text">{__('(opens in a new tab)', 'confab')}</span>
          </a>
        </p>
      </Section>
      <Section title={__('Knowledge', 'confab')}>
        <SyncProgress sync={status.sync} setSync={sync => setStatus({ ...status, sync })} />
      </Section>
      {usage && (
        <Section
          title={__('Use', 'confab')}
          intro={sprintf(/* translators: %s: a date */ __('Since %s', 'confab'), formatDay(usage.periodStart))}
        >
          <Facts
            facts={[
              [__('Conversations', 'confab'), formatNumber(usage.conversations)],
              [__('Answers', 'confab'), formatNumber(usage.answers)],
              ...(usage.modelAnswers === undefined
                ? []
                : [
                    [__('Answers by a model', 'confab'), ofLimit(usage.modelAnswers, usage.answersLimit)] as [
                      string,
                      string,
                    ],
                  ]),
            ]}
          />
        </Section>
      )}
      <Disconnect status={status} reload={reload} />
    </>
  );
}

const ofLimit = (used: number, limit: number | null): string =>
  limit === null
    ? formatNumber(used)
    : sprintf(
        /* translators: 1: a number 2: a number */ __('%1$s of %2$s', 'confab'),
        formatNumber(used),
        formatNumber(limit),
      );

function State({ status }: { status: Status }) {
  if (!status.relay.reachable) return <>{__('The relay cannot be reached', 'confab')}</>;
  switch (status.verification) {
    case 'pending':
      return <>{__('Connected; the relay is checking that it reaches your site', 'confab')}</>;
    case 'unreachable':
    case 'failed':
      return <>{__('Connected; the relay cannot reach your site', 'confab')}</>;
    default:
      return <>{__('Connected', 'confab')}</>;
  }
}

function secretOf({ secret }: Status): string {
  const ending = sprintf(/* translators: %s: last four characters */ __('ends in %s', 'confab'), secret.last4);
  if (secret.from === 'constant') return `${ending}, ${__('set as a constant', 'confab')}`;
  if (secret.from === 'environment') return `${ending}, ${__('set in the environment', 'confab')}`;
  return ending;
}

/** Providers as they call themselves. */
const PROVIDERS: Record<string, string> = { openai: 'OpenAI', anthropic: 'Anthropic', bedrock: 'AWS Bedrock' };

function Problems({ status, setStatus, reload }: HomeProps) {
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setStatus(await api.verify());
    } catch (problem) {
      setError(asApiError(problem));
    }
    setBusy(false);
  };
  const { clockAhead } = status.relay;
  const failing = (status.integrations ?? []).filter(({ state }) => state === 'failing');
  const withoutKey = (status.integrations ?? []).filter(({ name, state }) => isCrm(name) && state === 'not_configured');
  return (
    <>
      {status.relay.message && (
        <Problem error={{ code: status.relay.code, message: status.relay.message, status: 0 }} retry={reload} />
      )}
      {clockAhead !== null && Math.abs(clockAhead) > CLOCK_S && (
        <Notice status="warning" isDismissible={false} className="confab-notice">
          {sprintf(
            /* translators: %s: a number of minutes */
            _n(
              'The clocks of this server and of the relay differ by %s minute. From five minutes on, this site refuses what the relay tells it, such as new leads. Ask whoever runs the servers to let both set their clocks by themselves (NTP).',
              'The clocks of this server and of the relay differ by %s minutes. From five minutes on, this site refuses what the relay tells it, such as new leads. Ask whoever runs the servers to let both set their clocks by themselves (NTP).',
              Math.round(Math.abs(clockAhead) / 60),
              'confab',
            ),
            formatNumber(Math.round(Math.abs(clockAhead) / 60)),
          )}
        </Notice>
      )}
      {!status.aiAllowed && (
        <Notice status="warning" isDismissible={false} className="confab-notice">
          {__(
            'AI is switched off on this WordPress site, so the chat is not shown. Whoever looks after the site can allow it (wp_supports_ai).',
            'confab',
          )}
        </Notice>
      )}
      {(status.verification === 'unreachable' || status.verification === 'failed') && (
        <Notice status="warning" isDismissible={false} className="confab-notice">
          <p>
            {status.verification === 'unreachable'
              ? __(
                  'The relay could not reach your site. The chat works, but leads do not reach your CRM plugins through WordPress. Is the site behind a login, a firewall or on an internal network? Let requests to /?rest_route=/confab/v1/ through, and check again.',
                  'confab',
                )
              : __(
                  'Your site answered the relay, but not as it should. A security plugin or a cache may answer in its place, or the secret is an old one. Let requests to /?rest_route=/confab/v1/ through, or connect again.',
                  'confab',
                )}
          </p>
          <Button
            variant="secondary"
            __next40pxDefaultSize
            isBusy={isBusy}
            disabled={isBusy}
            accessibleWhenDisabled
            onClick={verify}
          >
            {__('Check again', 'confab')}
          </Button>
        </Notice>
      )}
      {failing.map(({ name }) => (
        <Notice key={name} status="warning" isDismissible={false} className="confab-notice">
          {isCrm(name)
            ? sprintf(
                /* translators: %s: a CRM such as HubSpot */
                __('Leads do not arrive in %s. The list of leads says why.', 'confab'),
                targetName(name),
              )
            : sprintf(
                /* translators: %s: a service such as OpenAI */
                __(
                  '%s does not answer as it should. Check its key and its credit in the settings; until then the next provider answers, or your pages are quoted.',
                  'confab',
                ),
                PROVIDERS[name] ?? name,
              )}
        </Notice>
      ))}
      {withoutKey.map(({ name }) => (
        <Notice key={name} status="warning" isDismissible={false} className="confab-notice">
          {sprintf(
            /* translators: %s: a CRM such as HubSpot */
            __('%s cannot get your leads: its credentials are not complete. Enter them in the settings.', 'confab'),
            targetName(name),
          )}
        </Notice>
      ))}
      {error && <Problem error={error} />}
    </>
  );
}
