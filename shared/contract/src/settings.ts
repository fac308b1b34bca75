import { z } from 'zod';
import { RETENTION_DAYS_DEFAULT } from './constants.ts';
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

const days = z.int().min(1).max(3_650);

const timezone = z.string().max(64).refine(isTimezone, 'is not a time zone such as "Europe/Dublin"');

function isTimezone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

const byLocale = (max: number) =>
  z.record(locale, text(max, 1)).refine(texts => Object.keys(texts).length > 0, 'is said in no language');

const noneTwice = <Each>(nameOf: (each: Each) => string, what: string) =>
  [(all: Each[]) => new Set(all.map(nameOf)).size === all.length, `has ${what} twice`] as const;

export const prechatFieldType = z.enum(['name', 'email', 'phone', 'choice', 'text']);
export type PrechatFieldType = z.infer<typeof prechatFieldType>;

const prechatField = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][A-Za-z0-9_]{0,39}$/, 'is not a name such as "orderNumber"')
      .describe('what the answer is kept under'),
    type: prechatFieldType,
    label: byLocale(200),
    required: z.boolean(),
    purpose: byLocale(500).describe('what the site needs it for; shown to the visitor'),
    options: z
      .array(z.strictObject({ value: text(100, 1), label: byLocale(200) }))
      .min(1)
      .max(50)
      .refine(...noneTwice<{ value: string }>(({ value }) => value, 'a value'))
      .optional()
      .describe('what a field of the type choice offers; no other has them'),
  })
  .refine(({ type, options }) => (type === 'choice') === (options !== undefined), {
    path: ['options'],
    message: 'are what a choice has, and nothing else',
  });
export type PrechatField = z.infer<typeof prechatField>;

const prechat = z.strictObject({
  enabled: z.boolean(),
  fields: z
    .array(prechatField)
    .max(10)
    .refine(...noneTwice<{ name: string }>(({ name }) => name, 'a name')),
});

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time of day such as "09:30"');

export const weekday = z.enum(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']);

const hours = z.strictObject({
  weekly: z
    .array(z.strictObject({ day: weekday, opens: timeOfDay, closes: timeOfDay }))
    .max(50)
    .describe('a time that is not behind `opens` closes on the next day'),
  holidays: z
    .array(z.strictObject({ date: z.iso.date(), name: text(100) }))
    .max(100)
    .describe('nothing opens on these days'),
});
export type Hours = z.infer<typeof hours>;

const usDollars = z.number().min(0).max(1_000_000).nullable();

/** What answers may cost, in US dollars; `null`: no limit. */
const spend = z.strictObject({
  perAnswer: usDollars,
  perConversation: usDollars.describe('of stored conversations; the others are limited by visitor and site'),
  perVisitorDay: usDollars.describe('a visitor is known by the network that the address belongs to, in memory only'),
  perDay: usDollars.describe('of the whole site, by its time zone'),
  perMonth: usDollars.describe('of the whole site, by its time zone'),
});
export type SpendLimits = z.infer<typeof spend>;

const spendDefault: SpendLimits = {
  perAnswer: 0.1,
  perConversation: 1,
  perVisitorDay: 1,
  perDay: null,
  perMonth: null,
};

/** The settings that came after the first sites: what a site has that never said anything about them. */
export const laterSettings: Pick<Settings, 'hours' | 'prechat' | 'limits' | 'features'> = {
  hours: null,
  prechat: { enabled: false, fields: [] },
  limits: {
    answersPerMonth: null,
    spend: spendDefault,
  },
  features: { leads: false, callback: false, marketing: false, orders: false },
};

/** The same within `answers`. */
export const laterAnswers = {
  bedrock: { baseUrl: null, model: null, region: null },
  embeddings: 'none' as 'none' | 'openai',
};

/** The language-model services with keys; the extractive answer needs none and always comes last. */
export const modelProvider = z.enum(['openai', 'anthropic', 'bedrock']);
export type ModelProvider = z.infer<typeof modelProvider>;

/** How a key is read back: that there is one, and its end. */
export const keyStatus = z.strictObject({ set: z.boolean(), last4: z.string().nullable() });

const noKey: z.infer<typeof keyStatus> = { set: false, last4: null };

/** How a key is written: a new one, `null` to remove it, or what was read to leave it as it is. */
const keyChange = z.union([text(500, 8), z.null(), keyStatus], 'is not a key of 8 to 500 characters');

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
        .max(3)
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
      bedrock: z
        .strictObject({
          ...access,
          region: z
            .string()
            .max(40)
            .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not a region such as "eu-central-1"')
            .nullable()
            .describe('null: as the relay is configured'),
        })
        .default(() => ({ apiKey: noKey as z.output<Key>, ...laterAnswers.bedrock })),
      embeddings: z
        .enum(['none', 'openai'])
        .default(() => laterAnswers.embeddings)
        .describe('who is shown questions and pages to find passages by meaning, beside finding them by words'),
    }),
    timezone: timezone.default('UTC').describe('IANA name; the nightly purge runs at 03:00 there'),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'is not a country code such as "IE"')
      .nullable()
      .default(null)
      .describe('ISO 3166-1; for phone numbers written without a country code'),
    retention: z
      .strictObject({
        conversationDays: days.describe('messages and conversations'),
        leadDays: days.default(RETENTION_DAYS_DEFAULT.lead),
        pageViewDays: days.default(RETENTION_DAYS_DEFAULT.pageView),
        consentDays: days.default(RETENTION_DAYS_DEFAULT.consent).describe('records of the consent log'),
      })
      .refine(({ consentDays, conversationDays }) => consentDays >= conversationDays, {
        path: ['consentDays'],
        message: 'is shorter than for conversations: a conversation must not outlive the proof of its consent',
      }),
    hours: hours
      .nullable()
      .default(() => laterSettings.hours)
      .describe('null: always open; in the time zone'),
    prechat: prechat.default(() => laterSettings.prechat).describe('what is asked before a stored conversation begins'),
    limits: z
      .strictObject({
        answersPerMonth: z
          .int()
          .min(0)
          .max(10_000_000)
          .nullable()
          .describe('once a month has had so many, the extractive provider gives the rest. null: no limit'),
        spend: spend
          .default(() => spendDefault)
          .describe('in US dollars; beyond one of these the extractive provider answers. null: no limit'),
      })
      .default(() => laterSettings.limits),
    features: z
      .strictObject({
        leads: z.boolean().describe('the widget offers to leave contact details'),
        callback: z.boolean().describe('and to be called back'),
        marketing: z.boolean().default(false).describe('with an unticked box for marketing e-mails'),
        orders: z.boolean().default(false).describe('signed-in customers may ask about their own orders'),
      })
      .default(() => laterSettings.features),
  });
};

/** The settings of a site as they are read: keys are only said to be there. */
export const settingsSchema = settingsWith(keyStatus);
export type Settings = z.infer<typeof settingsSchema>;

/** The settings of a site as they are written, whole. */
export const settingsUpdate = settingsWith(keyChange);
export type SettingsUpdate = z.infer<typeof settingsUpdate>;
