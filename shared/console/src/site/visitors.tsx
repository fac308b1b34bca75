import { useCallback, useEffect, useMemo } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { Visitors as Now } from '../../../contract/src/live.ts';
import { useClient } from '../client.ts';
import { formatMoment, formatNumber } from '../format.ts';
import { gathered } from '../gather.ts';
import { Address, Problem, Section, Waiting } from '../parts.tsx';
import { useLive } from '../use-live.ts';
import { useLoaded } from '../use-loaded.ts';
import { LiveNotice } from './live-notice.tsx';
import './visitors.css';

/** A busy shop is counted again at most this often. */
const AGAIN_MS = 3_000;

/** Whoever stops does it without a word, so that the numbers fall only when they are asked for. */
const COUNT_ANYWAY_MS = 30_000;

/** Who is there at this moment. */
export default function Visitors() {
  const { request } = useClient();
  const { answer, error, reload } = useLoaded(
    useCallback(async () => (await request<Now>('GET', '/visitors')).answer, [request]),
  );
  const again = useMemo(() => gathered(reload, AGAIN_MS), [reload]);
  useEffect(() => again.stop, [again]);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && again.ask(), COUNT_ANYWAY_MS);
    return () => clearInterval(timer);
  }, [again]);
  const state = useLive({ hear: ({ type }) => CHANGES.includes(type) && again.ask(), again: again.ask });
  return (
    <>
      <LiveNotice state={state} />
      <Section
        title={__('In the last five minutes', 'confab')}
        intro={__(
          'A conversation is listed if its visitor agreed that the chat is stored, and the page they see if they agreed to analytics as well; whoever declined appears in the numbers only, and nothing says who they are.',
          'confab',
        )}
      >
        {error && <Problem error={error} retry={reload} />}
        {!answer && !error && <Waiting />}
        {answer && (
          <>
            <Counts {...answer.counts} />
            <Active active={answer.active} />
          </>
        )}
      </Section>
      {answer && <Pages pages={answer.pages} />}
    </>
  );
}

/** Events after which somebody may have come, gone or moved. */
const CHANGES = ['conversation', 'message', 'presence', 'visitors', 'ended'];

function Counts({ opened5m, turns5m }: Now['counts']) {
  return (
    <dl className="confab-counts">
      <div>
        <dd>{formatNumber(opened5m)}</dd>
        <dt>{_n('time the chat was opened', 'times the chat was opened', opened5m, 'confab')}</dt>
      </div>
      <div>
        <dd>{formatNumber(turns5m)}</dd>
        <dt>{_n('question was asked', 'questions were asked', turns5m, 'confab')}</dt>
      </div>
    </dl>
  );
}

function Active({ active }: { active: Now['active'] }) {
  const { href, may, me } = useClient();
  if (active.length === 0) {
    return <p className="confab-empty">{__('No stored conversation is going on at the moment.', 'confab')}</p>;
  }
  return (
    <>
      <h3>
        {sprintf(
          /* translators: %s: a number */
          _n('%s conversation', '%s conversations', active.length, 'confab'),
          formatNumber(active.length),
        )}
      </h3>
      <ul className="confab-visitors">
        {active.map(({ conversationId, pageUrl, pageTitle, since, lastSeenAt, present, takenOverBy }) => (
          <li key={conversationId} className={present ? 'is-present' : undefined}>
            <div>
              <p className="confab-visitor-page">
                {pageTitle && <strong dir="auto">{pageTitle}</strong>} <Address url={pageUrl} />
              </p>
              <p className="confab-hint">
                {present
                  ? sprintf(
                      /* translators: %s: date and time */
                      __('Has the chat open. Here since %s.', 'confab'),
                      formatMoment(since),
                    )
                  : sprintf(
                      /* translators: 1: date and time 2: date and time */
                      __('Has the chat closed. Here since %1$s, last seen %2$s.', 'confab'),
                      formatMoment(since),
                      formatMoment(lastSeenAt),
                    )}{' '}
                {takenOverBy &&
                  (takenOverBy.userId === me?.userId
                    ? __('You answer.', 'confab')
                    : sprintf(/* translators: %s: name of a person */ __('%s answers.', 'confab'), takenOverBy.name))}
              </p>
            </div>
            <a href={href('conversations', { conversation: conversationId })}>
              {me && may('agent') && !takenOverBy
                ? __('Read and take over', 'confab')
                : __('Read the conversation', 'confab')}
              <span className="screen-reader-text"> {pageTitle ?? pageUrl}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function Pages({ pages }: { pages: Now['pages'] }) {
  return (
    <Section
      title={__('Pages seen most', 'confab')}
      intro={__('By visitors who agreed to analytics, in the last seven days.', 'confab')}
    >
      {pages.length === 0 ? (
        <p className="confab-empty">{__('No page view was counted in these days.', 'confab')}</p>
      ) : (
        <table className="confab-pages">
          <thead>
            <tr>
              <th scope="col">{__('Page', 'confab')}</th>
              <th scope="col">{__('Views', 'confab')}</th>
            </tr>
          </thead>
          <tbody>
            {pages.map(({ url, views }) => (
              <tr key={url}>
                <td>
                  <Address url={url} />
                </td>
                <td>{formatNumber(views)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
