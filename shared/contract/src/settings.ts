import { z } from 'zod';
import { locale, text, webUrl } from './primitives.ts';
import { defaultTexts, type TextName } from './texts.ts';

export const appearanceSchema = z.strictObject({
  position: z.enum(['bottom-right', 'bottom-left']),
  accent: z.string().regex(/^#[0-9a-fA-F]{6}$/, 'is not a colour such as #1f6f54'),
  theme: z.enum(['auto', 'light', 'dark']),
});
export type Appearance = z.infer<typeof appearanceSchema>;

/** An origin as browsers send it, or `self` for pages that this relay itself serves (the demo shop). */
const origin = z.union([
  z.literal('self'),
  webUrl.refine(value => URL.parse(value)?.origin === value, 'is not an origin such as https://shop.example'),
]);

const texts = z.partialRecord(z.enum(Object.keys(defaultTexts) as [TextName, ...TextName[]]), text(500, 1));

const notice = z.strictObject({
  title: text(200, 1),
  body: text(4_000, 1),
  acceptLabel: text(60, 1),
  declineLabel: text(60, 1),
});

/** The language-model services with keys; the extractive answer needs none and always comes last. */
export const modelProvider = z.enum(['openai', 'anthropic']);
export type ModelProvider = z.infer<typeof modelProvider>;

/** How a key is read back: that there is one, and its end. */
export const keyStatus = z.strictObject({ set: z.boolean(), last4: z.string().nullable() });

/** How a key is written: a new one, `null` to remove it, or what was read to leave it as it is. */
const keyChange = z.union([text(500, 8), z.null(), keyStatus]);

const settingsWith = <Key extends z.ZodType>(apiKey: Key) => {
  const access = {
    apiKey,
    baseUrl: webUrl.nullable().describe('null: as the relay is configured'),
    model: text(200, 1).nullable().describe('null: as the relay is configured'),
  };
  return z.strictObject({
    name: text(120, 1),
    locale,
    allowedOrigins: z.array(origin).max(20),
    appearance: appearanceSchema,
    texts: z.record(locale, texts),
    consent: z.strictObject({ policyUrl: webUrl.nullable(), notices: z.record(locale, notice) }),
    answers: z.strictObject({
      providers: z
        .array(modelProvider)
        .max(2)
        .refine(names => new Set(names).size === names.length, 'names a provider twice')
        .describe('in the order to try; the extractive answer comes last'),
      instructions: text(4_000),
      maxTokens: z.int().min(50).max(4_000),
      firstTokenMs: z.int().min(500).max(30_000),
      openai: z.strictObject({
        ...access,
        api: z.enum(['responses', 'chat_completions']).nullable().describe('null: as the relay is configured'),
      }),
      anthropic: z.strictObject(access),
    }),
    retention: z.strictObject({ conversationDays: z.int().min(1).max(3_650) }),
  });
};

/** The settings of a site as they are read: keys are only said to be there. */
export const settingsSchema = settingsWith(keyStatus);
export type Settings = z.infer<typeof settingsSchema>;

/** The settings of a site as they are written, whole. */
export const settingsUpdate = settingsWith(keyChange);
export type SettingsUpdate = z.infer<typeof settingsUpdate>;
