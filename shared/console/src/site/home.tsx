import { Button } from '@wordpress/components';
import { useCallback, useEffect, useMemo, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { SiteResponse } from '../../../contract/src/site.ts';
import type { AttentionResponse, StatsResponse } from '../../../contract/src/stats.ts';
import { useClient } from '../client.ts';
import { formatNumber, pageLocale } from '../format.ts';
import { gathered } from '../gather.ts';
import { Problem, Section, Waiting } from '../parts.tsx';
import { Plot } from '../plot.tsx';
import { useLive } from '../use-live.ts';
import { useLoaded } from '../use-loaded.ts';
import { Attention } from './home-attention.tsx';
import { type DayNumbers, shareOf, sumOf } from './home-numbers.ts';

const RANGES = [7, 30, 90] as const;

/** A home that is open all day is read again at most this often, however much is said. */
const AGAIN_MS = 15_000;

/** What needs somebody, and how it goes: the last days as plots. */
export default function Home() {
  const { request } = useClient();
  const [days, setDays] = useRange();
  const attention = useLoaded(
    useCallback(async () => (await request<AttentionResponse>('GET', '/attention')).answer, [request]),
  );
  const stats = useLoaded(
    useCallback(
      async () => (await request<StatsResponse>('GET', '/stats', { query: { days } })).answer,
      [request, days],
    ),
  );
  const site = useLoaded(useCallback(async () => (await request<SiteResponse>('GET', '')).answer, [request]));
  const { reload: again } = attention;
  const { reload: countAgain } = stats;
  const { reload: siteAgain } = site;
  const reading = useMemo(() => {
    const read = () => {
      again();
      countAgain();
      siteAgain();
    };
    return gathered(read, AGAIN_MS);
  }, [again, countAgain, siteAgain]);
  useEffect(() => reading.stop, [reading]);
  useLive({ hear: ({ type }) => CHANGES.includes(type) && reading.ask(), again: reading.ask });

  return (
    <>
      <Section title={__('What needs you', 'confab')}>
        {attention.error && <Problem error={attention.error} retry={attention.reload} />}
        {!attention.answer && !attention.error && <Waiting />}
        {attention.answer && <Attention items={attention.answer.items} />}
        {site.answer && <AnswersLeft usage={site.answer.usage} />}
      </Section>
      <Section title={__('How it goes', 'confab')}>
        <fieldset className="confab-range">
          <legend className="screen-reader-text">{__('How far back', 'confab')}</legend>
          {RANGES.map(range => (
            <Button
              key={range}
              variant={range === days ? 'primary' : 'secondary'}
              size="compact"
              aria-pressed={range === days}
              onClick={() => setDays(range)}
            >
              {sprintf(/* translators: %s: a number */ _n('%s day', '%s days', range, 'confab'), formatNumber(range))}
            </Button>
          ))}
        </fieldset>
        {stats.error && <Problem error={stats.error} retry={stats.reload} />}
        {!stats.answer && !stats.error && <Waiting />}
        {stats.answer && <Plots days={stats.answer.days} />}
      </Section>
    </>
  );
}

/** How many answers by a model are left, where there is a limit of them. */
function AnswersLeft({ usage: { modelAnswers, answersLimit } }: Pick<SiteResponse, 'usage'>) {
  if (answersLimit === null) return null;
  return (
    <p>
      {sprintf(
        /* translators: 1: a number 2: a number */
        __('Answers by a model this month: %1$s of %2$s. Further ones quote your pages.', 'confab'),
        formatNumber(modelAnswers),
        formatNumber(answersLimit),
      )}
    </p>
  );
}

/** Events that change a number of the home. */
const CHANGES = ['conversation', 'message', 'lead', 'ended'];

function Plots({ days }: { days: DayNumbers[] }) {
  const names = days.map(({ day }) => day);
  const of = (name: keyof Omit<DayNumbers, 'day'>) => days.map(numbers => numbers[name]);
  const number = (name: keyof Omit<DayNumbers, 'day'>) => formatNumber(sumOf(days, name));
  const share = shareOf(sumOf(days, 'answered'), sumOf(days, 'unanswered'));
  const isQuiet = (['conversations', 'answers', 'leads', 'opened', 'pageViews'] as const).every(
    name => sumOf(days, name) === 0,
  );
  if (isQuiet) {
    return (
      <p className="confab-empty">
        {__(
          'Nobody has used the chat in these days. What happens is counted here from the first visitor on.',
          'confab',
        )}
      </p>
    );
  }
  return (
    <div className="confab-plots">
      <Plot
        title={__('Conversations and answers', 'confab')}
        total={sprintf(
          /* translators: 1: number of conversations 2: number of answers */
          __('%1$s conversations, %2$s answers', 'confab'),
          number('conversations'),
          number('answers'),
        )}
        days={names}
        series={[
          { label: __('Conversations', 'confab'), values: of('conversations') },
          { label: __('Answers', 'confab'), values: of('answers') },
        ]}
        format={formatNumber}
      />
      <Plot
        title={__('Answered from your knowledge', 'confab')}
        total={
          share === null
            ? __('No question was asked', 'confab')
            : sprintf(
                /* translators: 1: a share such as "87 %" 2: a number of questions */
                __('%1$s of the questions; %2$s stayed open', 'confab'),
                percent(share),
                number('unanswered'),
              )
        }
        days={names}
        series={[
          {
            label: __('Answered', 'confab'),
            values: days.map(({ answered, unanswered }) => shareOf(answered, unanswered)),
          },
        ]}
        format={percent}
        isWhole={false}
        most={1}
        isLine
      />
      <Plot
        title={__('Leads', 'confab')}
        total={sprintf(
          /* translators: %s: a number */
          _n('%s visitor left contact details', '%s visitors left contact details', sumOf(days, 'leads'), 'confab'),
          number('leads'),
        )}
        days={names}
        series={[{ label: __('Leads', 'confab'), values: of('leads') }]}
        format={formatNumber}
      />
      <Plot
        title={__('Cost of the answers', 'confab')}
        total={sprintf(
          /* translators: %s: an amount of money */
          __('%s by the price lists of the providers', 'confab'),
          dollars(sumOf(days, 'costUsd')),
        )}
        days={names}
        series={[{ label: __('Cost', 'confab'), values: of('costUsd') }]}
        format={dollars}
        isWhole={false}
      />
      <Plot
        title={__('The chat on your pages', 'confab')}
        total={sprintf(
          /* translators: 1: number of times 2: number of page views */
          __('Opened %1$s times; %2$s pages seen by visitors who agreed to be counted', 'confab'),
          number('opened'),
          number('pageViews'),
        )}
        days={names}
        series={[
          { label: __('Opened', 'confab'), values: of('opened') },
          { label: __('Page views', 'confab'), values: of('pageViews') },
        ]}
        format={formatNumber}
      />
    </div>
  );
}

const percent = (share: number) =>
  new Intl.NumberFormat(pageLocale(), { style: 'percent', maximumFractionDigits: 0 }).format(share);

/** A single answer costs a hundredth of a cent. */
const dollars = (amount: number) =>
  new Intl.NumberFormat(pageLocale(), {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: 2,
    maximumFractionDigits: amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2,
  }).format(amount);

/** How far back, as the address says. */
function useRange(): [number, (days: number) => void] {
  const [days, setDays] = useState(() => rangeIn(location.search));
  useEffect(() => {
    const follow = () => setDays(rangeIn(location.search));
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  return [
    days,
    next => {
      const query = new URLSearchParams(location.search);
      query.set('days', String(next));
      history.replaceState(history.state, '', `?${query}`);
      setDays(next);
    },
  ];
}

const rangeIn = (search: string): number =>
  RANGES.find(range => String(range) === new URLSearchParams(search).get('days')) ?? 30;
