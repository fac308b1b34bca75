import { __, _n, sprintf } from '@wordpress/i18n';
import type { AttentionResponse } from '../../../contract/src/stats.ts';
import { useClient } from '../client.ts';
import { formatDay, formatNumber } from '../format.ts';
import './home.css';

type AttentionItem = AttentionResponse['items'][number];

/** What needs somebody, each with the place where it is done. */
export function Attention({ items }: { items: AttentionItem[] }) {
  const { href } = useClient();
  if (items.length === 0) {
    return <p className="confab-all-well">{__('Nothing needs you at the moment.', 'confab')}</p>;
  }
  return (
    <ul className="confab-attention">
      {items.map(item => {
        const { says, what, screen, query } = inWords(item);
        return (
          <li key={`${item.kind} ${item.period}`}>
            <span>
              <strong>{says}</strong>
              {item.since && (
                <span className="confab-since">
                  {sprintf(/* translators: %s: a day */ __('since %s', 'confab'), formatDay(item.since))}
                </span>
              )}
            </span>
            <a href={href(screen, query)}>{what}</a>
          </li>
        );
      })}
    </ul>
  );
}

type Words = { says: string; what: string; screen: string; query?: Record<string, string> };

/** What is the matter, and where one can do something about it. A kind that is unknown here is still told. */
function inWords({ kind, count, limit, period }: AttentionItem): Words {
  const number = formatNumber(count);
  switch (kind) {
    case 'failed_deliveries':
      return {
        says: sprintf(
          /* translators: %s: a number */
          _n('%s lead did not arrive at a receiver', '%s leads did not arrive at a receiver', count, 'confab'),
          number,
        ),
        what: __('See why, and try again', 'confab'),
        screen: 'leads',
        query: { delivery: 'failed' },
      };
    case 'unanswered':
      return {
        says: sprintf(
          /* translators: %s: a number */
          _n('%s question found no answer', '%s questions found no answer', count, 'confab'),
          number,
        ),
        what: __('Write answers', 'confab'),
        screen: 'knowledge',
      };
    case 'overdue_requests':
      return {
        says: sprintf(
          /* translators: %s: a number */
          _n(
            '%s request about personal data is overdue',
            '%s requests about personal data are overdue',
            count,
            'confab',
          ),
          number,
        ),
        what: __('Answer them', 'confab'),
        screen: 'privacy',
      };
    case 'limit':
      return {
        says: period
          ? usedMoney(period, number)
          : sprintf(
              /* translators: 1: what was used 2: the limit */
              __('%1$s of %2$s answers by providers are used in this month', 'confab'),
              number,
              formatNumber(limit ?? count),
            ),
        what: __('See the limits', 'confab'),
        screen: 'settings',
      };
    case 'provider':
      return {
        says: sprintf(
          /* translators: %s: a number */
          _n('%s provider does not answer as it should', '%s providers do not answer as they should', count, 'confab'),
          number,
        ),
        what: __('Check keys and credit', 'confab'),
        screen: 'integrations',
      };
    case 'connection':
      return {
        says: __('The relay does not reach your site', 'confab'),
        what: __('See the connection', 'confab'),
        screen: 'integrations',
      };
    default:
      return { says: `${kind}: ${number}`, what: __('See the settings', 'confab'), screen: 'settings' };
  }
}

const usedMoney = (period: 'day' | 'month', percent: string) =>
  period === 'day'
    ? sprintf(/* translators: %s: a number */ __('%s %% of what answers may cost today is spent', 'confab'), percent)
    : sprintf(
        /* translators: %s: a number */ __('%s %% of what answers may cost this month is spent', 'confab'),
        percent,
      );
