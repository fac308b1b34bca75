import { z } from 'zod';
import { timestamp } from './primitives.ts';
import { appearanceSchema, prechatFieldType } from './settings.ts';

/** What the panel learns when a visitor opens it. Public: it is the same for every visitor of the site. */
export const widgetConfig = z.object({
  version: z.int().describe('the version of the settings that this was made from'),
  locale: z.string(),
  texts: z.record(z.string(), z.string()),
  appearance: appearanceSchema,
  consent: z.object({
    required: z.boolean(),
    noticeVersion: z.string(),
    title: z.string(),
    body: z.string(),
    acceptLabel: z.string(),
    declineLabel: z.string(),
    policyUrl: z.string().nullable(),
  }),
  prechat: z.object({
    enabled: z.boolean(),
    fields: z.array(
      z.object({
        name: z.string(),
        type: prechatFieldType,
        label: z.string(),
        required: z.boolean(),
        purpose: z.string(),
        options: z
          .array(z.object({ value: z.string(), label: z.string() }))
          .optional()
          .describe('of a choice'),
      }),
    ),
  }),
  hours: z.object({ open: z.boolean(), nextOpenAt: timestamp.nullable(), timezone: z.string() }),
  disclosure: z.string(),
  retentionDays: z.int().positive().describe('the longest age of the cookie'),
  features: z.object({
    transcript: z.boolean(),
    callback: z.boolean(),
    leads: z.boolean(),
    marketing: z.boolean(),
    orders: z.boolean(),
  }),
});
export type WidgetConfig = z.infer<typeof widgetConfig>;
