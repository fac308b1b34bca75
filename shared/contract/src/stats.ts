import { z } from 'zod';
import { timestamp } from './primitives.ts';

/** How many days are counted, today included. */
export const statsQuery = z.strictObject({
  days: z.coerce
    .number()
    .refine(days => [7, 30, 90].includes(days), 'is none of 7, 30 and 90')
    .default(30),
});

const count = z.int().nonnegative();

/** One day of a site: sums, of visitors who declined as well. */
export const dayNumbers = z.object({
  day: z.iso.date().describe('of UTC'),
  conversations: count.describe('that began'),
  answers: count,
  answered: count.describe('answers that answered their question'),
  unanswered: count.describe('answers that left their question open'),
  leads: count,
  costUsd: z.number().describe('what providers were paid; by the days of the site’s time zone'),
  opened: count.describe(
    'how often a page of the shop asked for the widget’s configuration, which caches keep a minute',
  ),
  pageViews: count.describe('of visitors who agreed to analytics'),
});

export const statsResponse = z.object({ days: z.array(dayNumbers).describe('oldest first, without a gap') });
export type StatsResponse = z.infer<typeof statsResponse>;

/** What an owner should look at. */
export const attentionItem = z.object({
  kind: z.enum(['failed_deliveries', 'unanswered', 'overdue_requests', 'limit', 'provider', 'connection']),
  count: count.describe('how many; of a limit what is used up: answers of this month, or percent of the money'),
  since: timestamp.optional().describe('of the oldest'),
  limit: count.optional().describe('of answers: how many there may be in this month'),
  period: z.enum(['day', 'month']).optional().describe('of money: the percent are of the limit for it'),
});

export const attentionResponse = z.object({ items: z.array(attentionItem) });
export type AttentionResponse = z.infer<typeof attentionResponse>;
