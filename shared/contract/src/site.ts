import { z } from 'zod';
import { verification } from './connect.ts';
import { timestamp, uuid } from './primitives.ts';

/** What answers cost in one day or month of the site's time zone. */
const spend = z.object({
  period: z.string().describe('such as `2026-11-22` or `2026-11`'),
  usd: z.number().describe('by the providers’ price lists; of answers under way, the most that they may cost'),
  limitUsd: z.number().nullable().describe('from then on the extractive provider answers; null: no limit'),
  alerted: z.int().describe('the last percentage of the limit that was reached and told: 0, 50, 80 or 100'),
});

export const siteResponse = z.object({
  siteId: uuid,
  siteKey: z.string(),
  name: z.string(),
  createdAt: timestamp,
  plan: z.string().describe('`self_hosted`: no limits but the owner’s own; else the handle of what the platform sells'),
  usage: z.object({
    periodStart: timestamp,
    conversations: z.int(),
    answers: z.int().describe('whoever gave them'),
    modelAnswers: z.int().describe('those by language models, with what is reserved for answers under way'),
    answersLimit: z
      .int()
      .nullable()
      .describe('of `modelAnswers`; from then on the extractive provider answers. null: no limit'),
    spend: z.object({ day: spend, month: spend }),
  }),
  integrations: z.array(z.object({ name: z.string(), state: z.enum(['ready', 'not_configured', 'failing']) })),
  notifications: z
    .array(
      z.object({
        email: z.string(),
        state: z
          .enum(['pending', 'confirmed', 'unsubscribed', 'suppressed'])
          .describe('pending: its holder has not confirmed it yet; suppressed: a mail came back, or was complained of'),
        unsubscribedFrom: z.array(z.enum(['leads', 'digest', 'alerts'])).describe('what its holder wants no more of'),
      }),
    )
    .describe('how it stands with each address of the settings; nothing is sent to one that is not confirmed'),
  platform: z.string().nullable().describe('what a plugin connected the site by, such as `wordpress`'),
  homeUrl: z.string().nullable().describe('where that plugin says the site is'),
  verification: verification.nullable().describe('whether the relay reaches the plugin there'),
  relayPublicKeys: z.array(z.string()).describe('what the relay’s calls to the plugin are signed by; see the exchange'),
});
export type SiteResponse = z.infer<typeof siteResponse>;
