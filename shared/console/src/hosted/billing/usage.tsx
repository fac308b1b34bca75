import type { BillingResponse } from '@confab/contract';
import { __, sprintf } from '@wordpress/i18n';
import { formatNumber, formatUtcDay, pageLocale } from '../../format.ts';
import { Facts, Section } from '../../parts.tsx';
import { type Nearness, nearnessOf, percentOf } from './standing.ts';
import { atLimit, type Limited } from './words.ts';

/** What the account has used, how near that is to each limit, and what happens there. */
export function Usage({ billing: { usage, plan } }: { billing: BillingResponse }) {
  const { periodStart, periodEnd } = usage;
  return (
    <Section
      title={__('What is used', 'confab')}
      intro={sprintf(
        /* translators: 1: a day 2: a day */
        __('Counted from %1$s; the count begins anew on %2$s (UTC).', 'confab'),
        formatUtcDay(periodStart),
        formatUtcDay(periodEnd),
      )}
    >
      {plan && (
        <ul className="confab-use">
          <Used name={__('Conversations', 'confab')} what="conversations" usage={usage} />
          <Used name={__('Sites', 'confab')} what="sites" usage={usage} />
          <Used name={__('Seats: members and open invitations', 'confab')} what="seats" usage={usage} />
          <AnswersOfOne most={plan.limits.messagesPerConversation} />
        </ul>
      )}
      <Facts facts={[...(plan ? [] : counted(usage)), ...further(usage)]} />
    </Section>
  );
}

const counted = ({ conversations, sites, seats }: BillingResponse['usage']): [string, string][] => [
  [__('Conversations', 'confab'), formatNumber(conversations.used)],
  [__('Sites', 'confab'), formatNumber(sites.used)],
  [__('Seats: members and open invitations', 'confab'), formatNumber(seats.used)],
];

/** What is counted, and limited by no plan. */
const further = ({ messages, costUsd, voiceSeconds }: BillingResponse['usage']): [string, string][] => [
  [__('Answers', 'confab'), formatNumber(messages)],
  [__('Cost of the answers, by the price lists of the providers', 'confab'), dollars(costUsd)],
  ...(voiceSeconds > 0
    ? [[__('Minutes of voice', 'confab'), formatNumber(Math.ceil(voiceSeconds / 60))] as [string, string]]
    : []),
];

const percent = (value: number) => new Intl.NumberFormat(pageLocale(), { style: 'percent' }).format(value / 100);

const dollars = (amount: number) =>
  new Intl.NumberFormat(pageLocale(), { style: 'currency', currency: 'USD' }).format(amount);

/** The one limit that is not of a month: nothing of it is used up for others. */
function AnswersOfOne({ most }: { most: number | null }) {
  if (most === null) return null;
  return (
    <li>
      <p className="confab-use-head">
        <strong>{__('Answers by a model in one conversation', 'confab')}</strong>
        <span>{sprintf(/* translators: %s: a number */ __('at most %s', 'confab'), formatNumber(most))}</span>
      </p>
      <p className="confab-hint">
        {__('Further answers quote your pages, and the visitor is asked whether to leave contact details.', 'confab')}
      </p>
    </li>
  );
}

function Used({ name, what, usage }: { name: string; what: Limited; usage: BillingResponse['usage'] }) {
  const { used, limit } = usage[what];
  const nearness = nearnessOf({ used, limit });
  const words = nearnessWords(nearness);
  const numbers =
    limit === null
      ? sprintf(/* translators: %s: a number */ __('%s, without a limit', 'confab'), formatNumber(used))
      : sprintf(
          /* translators: 1: a number 2: a number 3: a share such as "87 %" */
          __('%1$s of %2$s (%3$s)', 'confab'),
          formatNumber(used),
          formatNumber(limit),
          percent(percentOf({ used, limit })),
        );
  return (
    <li className={`is-${nearness} is-of-${what}`}>
      <p className="confab-use-head">
        <strong>{name}</strong>
        <span>
          {numbers} {words && <span className="confab-nearness">{words}</span>}
        </span>
      </p>
      {limit !== null && (
        <>
          <meter aria-label={name} max={Math.max(1, limit)} value={limit === 0 ? 1 : Math.min(used, limit)}>
            {numbers}
          </meter>
          <p className="confab-hint">{atLimit(what, usage)}</p>
        </>
      )}
    </li>
  );
}

/** What the colour says, for whoever does not see it. */
const nearnessWords = (nearness: Nearness): string =>
  ({
    unlimited: '',
    fine: '',
    near: __('Nearly all used', 'confab'),
    reached: __('All used', 'confab'),
    over: __('More than the plan includes', 'confab'),
  })[nearness];
