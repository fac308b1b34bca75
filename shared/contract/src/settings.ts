import { z } from 'zod';
import { RETENTION_DAYS_DEFAULT } from './constants.ts';
import { locale, text, timezone, webUrl } from './primitives.ts';
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

const span = { opens: timeOfDay, closes: timeOfDay };

const hours = z.strictObject({
  weekly: z
    .array(z.strictObject({ day: weekday, ...span }))
    .max(50)
    .describe('a time that is not behind `opens` closes on the next day'),
  holidays: z
    .array(z.strictObject({ date: z.iso.date(), name: text(100) }))
    .max(100)
    .describe('nothing opens on these days'),
  exceptions: z
    .array(z.strictObject({ date: z.iso.date(), name: text(100), spans: z.array(z.strictObject(span)).min(1).max(10) }))
    .max(100)
    .refine(...noneTwice<{ date: string }>(({ date }) => date, 'a date'))
    .default([])
    .describe('days with other hours than those of the week; they win over a holiday'),
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

/** The CRMs that leads can go to. */
export const crmName = z.enum(['hubspot', 'salesforce', 'pipedrive', 'klaviyo', 'zoho']);
export type CrmName = z.infer<typeof crmName>;

/** When the owner is told by e-mail of something that happened. */
const noticeTime = z.enum(['at_once', 'daily', 'off']);

/** A mailbox by its syntax, of one line; the relay judges the rest. */
const mailbox = text(320, 3).regex(
  /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/,
  'is not an e-mail address such as name@example.com',
);

const notifications = z.strictObject({
  addresses: z
    .array(mailbox)
    .max(5)
    .refine(...noneTwice<string>(address => address.toLowerCase(), 'an address'))
    .describe('of the owner; each is written to once its holder has confirmed it'),
  leads: noticeTime,
  callbacks: noticeTime,
  alerts: z.boolean().describe('what needs the owner: leads that do not arrive, limits of cost that are near'),
});

/** The data centres of Zoho, by the end of their addresses. */
export const zohoRegion = z.enum(['com', 'eu', 'in', 'com.au', 'jp', 'zohocloud.ca', 'sa']);
export type ZohoRegion = z.infer<typeof zohoRegion>;

const crmDefault = {
  connectors: [] as CrmName[],
  transcript: false,
  hubspot: { mapping: {} as Record<string, string> },
  salesforce: {
    loginUrl: null as string | null,
    clientId: null as string | null,
    mapping: {} as Record<string, string>,
  },
  pipedrive: { mapping: {} as Record<string, string> },
  klaviyo: { listId: null as string | null, mapping: {} as Record<string, string> },
  zoho: { region: 'com' as ZohoRegion, clientId: null as string | null, mapping: {} as Record<string, string> },
};

/** The settings that came after the first sites: what a site has that never said anything about them. */
export const laterSettings: Pick<Settings, 'hours' | 'prechat' | 'limits' | 'features' | 'notifications'> & {
  crm: typeof crmDefault;
} = {
  hours: null,
  prechat: { enabled: false, fields: [] },
  limits: {
    answersPerMonth: null,
    spend: spendDefault,
  },
  features: { leads: false, callback: false, marketing: false, orders: false, transcript: true },
  crm: crmDefault,
  notifications: { addresses: [], leads: 'at_once', callbacks: 'at_once', alerts: true },
};

/** The same within `answers`. */
export const laterAnswers = {
  bedrock: { baseUrl: null, model: null, region: null },
  embeddings: 'none' as 'none' | 'openai',
};

/** The language-model services with keys; the extractive answer needs none and always comes last. */
export const modelProvider = z.enum(['openai', 'anthropic', 'bedrock']);
export type ModelProvider = z.infer<typeof modelProvider>;

const isSalesforce = (value: string) => {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && /\.(salesforce|force)\.com$/.test(url.hostname) && url.origin === value;
};

/** The CRMs of a site that never said anything about them. */
const crmWithoutKeys = <Key>(key: Key) => ({
  ...crmDefault,
  hubspot: { accessToken: key, ...crmDefault.hubspot },
  salesforce: { clientSecret: key, refreshToken: key, ...crmDefault.salesforce },
  pipedrive: { apiToken: key, ...crmDefault.pipedrive },
  klaviyo: { apiKey: key, ...crmDefault.klaviyo },
  zoho: { clientSecret: key, refreshToken: key, ...crmDefault.zoho },
});

/** How a key is read back: that there is one, and its end. */
export const keyStatus = z.strictObject({ set: z.boolean(), last4: z.string().nullable() });

const noKey: z.infer<typeof keyStatus> = { set: false, last4: null };

/** How a key is written: a new one, `null` to remove it, or what was read to leave it as it is. */
const keyChange = z.union([text(500, 8), z.null(), keyStatus], 'is not a key of 8 to 500 characters');

/** What of a lead goes into which property of the CRM, where that is not the adapter's own choice. */
const mapping = z
  .record(text(100, 1), text(100, 1))
  .refine(fields => Object.keys(fields).length <= 30, 'has more than 30 fields')
  .default({})
  .describe('the name of a field of the form → the CRM’s own name of a property');

const clientId = text(300, 1).nullable();

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
        transcript: z.boolean().default(true).describe('visitors can have their stored chat sent to them by e-mail'),
      })
      .default(() => laterSettings.features),
    crm: z
      .strictObject({
        connectors: z
          .array(crmName)
          .max(5)
          .refine(...noneTwice<string>(name => name, 'a CRM'))
          .describe('where leads go; each needs its credentials'),
        transcript: z.boolean().describe('with what was said in the chat'),
        hubspot: z.strictObject({ accessToken: apiKey, mapping }),
        salesforce: z.strictObject({
          loginUrl: webUrl
            .refine(isSalesforce, 'is not an address of Salesforce such as https://example.my.salesforce.com')
            .nullable()
            .describe('null: https://login.salesforce.com'),
          clientId,
          clientSecret: apiKey,
          refreshToken: apiKey.describe('none: the client credentials flow'),
          mapping,
        }),
        pipedrive: z.strictObject({ apiToken: apiKey, mapping }),
        klaviyo: z.strictObject({
          apiKey: apiKey,
          listId: text(40, 1).nullable().describe('whom to subscribe who agreed to marketing; null: nobody'),
          mapping,
        }),
        zoho: z.strictObject({ region: zohoRegion, clientId, clientSecret: apiKey, refreshToken: apiKey, mapping }),
      })
      .default(() => crmWithoutKeys(noKey as z.output<Key>)),
    notifications: notifications.default(() => laterSettings.notifications),
  });
};

/** The settings of a site as they are read: keys are only said to be there. */
export const settingsSchema = settingsWith(keyStatus);
export type Settings = z.infer<typeof settingsSchema>;

/** The settings of a site as they are written, whole. */
export const settingsUpdate = settingsWith(keyChange);
export type SettingsUpdate = z.infer<typeof settingsUpdate>;
