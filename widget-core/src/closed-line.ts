import type { WidgetConfig } from '@confab/contract';
import { timeIn } from './locale.ts';

/**
 * While the shop is closed: that it is, and when it opens again, in the visitor's own time zone. Nothing once it has opened
 * in front of a chat that was open before.
 */
export function closedLine(
  config: WidgetConfig | undefined,
  texts: { closedNow: string; closedNoTime: string },
): string {
  if (!config || config.hours.open) return '';
  const { nextOpenAt } = config.hours;
  if (!nextOpenAt) return texts.closedNoTime;
  if (Date.parse(nextOpenAt) <= Date.now()) return '';
  const time = timeIn(config.locale, nextOpenAt, {
    ...{ weekday: 'long', day: 'numeric', month: 'long' },
    ...{ hour: 'numeric', minute: '2-digit' },
  });
  return texts.closedNow.replace('{time}', time);
}
