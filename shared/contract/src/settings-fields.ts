/**
 * How a form asks an owner for the settings: the console, the WordPress and the Shopify page are all drawn from this.
 * Plain data in English, with no import, so that every one of them can bundle it and translate it in its own way.
 */

export type SettingsFieldKind =
  | 'text'
  | 'textarea'
  | 'number'
  | 'colour'
  | 'select'
  | 'toggle'
  | 'secret'
  | 'url'
  | 'order'
  | 'many'
  | 'locale'
  | 'timezone'
  | 'country'
  | 'origins'
  | 'emails'
  | 'mapping'
  | 'textsByLocale'
  | 'noticesByLocale'
  | 'prechatFields'
  | 'weeklyHours'
  | 'holidays'
  | 'exceptions';

/** One setting, by its path in the settings document. */
export type SettingsField = {
  path: string;
  kind: SettingsFieldKind;
  label: string;
  help?: string;
  /**
   * What a `select` offers, what an `order` puts into an order or leaves out, what of a `many` can be ticked; and what a
   * `mapping` has a row for, besides the site's own questions before the chat.
   */
  options?: { value: string; label: string }[];
  min?: number;
  /** Of a number that is no whole one, its smallest step. */
  step?: number;
  /** Of a number the largest; of a list the most entries. */
  max?: number;
  unit?: string;
  /** May be `null`; "help" says what that means. `hours` is `null` as a whole when its `weekly` is to be. */
  nullable?: boolean;
  maxLength?: number;
  /** Shown only while this one of a `many` is ticked. */
  onlyWith?: { path: string; value: string };
};

export type SettingsSection = { id: string; title: string; description?: string; fields: SettingsField[] };

const NOTICE_TIMES = [
  { value: 'at_once', label: 'At once' },
  { value: 'daily', label: 'Once a day' },
  { value: 'off', label: 'Never' },
];

const ofCrm = (value: string, fields: SettingsField[]): SettingsField[] =>
  fields.map(field => ({ ...field, onlyWith: { path: 'crm.connectors', value } }));

const LEAD_FIELDS = [
  { value: 'name', label: 'Name' },
  { value: 'email', label: 'E-mail address' },
  { value: 'phone', label: 'Phone number' },
  { value: 'message', label: 'Message' },
  { value: 'callbackAt', label: 'Time to call back' },
  { value: 'pageUrl', label: 'Page' },
];

/** Every setting of a site, in the order in which an owner thinks of them. */
export const settingsSections: SettingsSection[] = [
  {
    id: 'assistant',
    title: 'Assistant',
    fields: [
      { path: 'name', kind: 'text', label: 'Name of the website', help: 'As visitors know it.', maxLength: 120 },
      {
        path: 'locale',
        kind: 'locale',
        label: 'Main language',
        help: 'Used for visitors whose own language the chat does not have.',
      },
      {
        path: 'answers.instructions',
        kind: 'textarea',
        label: 'Instructions',
        help: 'What the assistant should know or do, such as “Mention that we ship from Ireland”. It goes to the answer provider with every question, so write nothing secret here.',
        maxLength: 4_000,
      },
    ],
  },
  {
    id: 'answers',
    title: 'Answers',
    description:
      'Who writes the answers. Providers receive the visitor’s question, what was said before and the matching passages of your pages. Where none of them answers, your pages are quoted directly, with no provider.',
    fields: [
      {
        path: 'answers.providers',
        kind: 'order',
        label: 'Providers, in the order to try',
        help: 'If the first one fails or is slow, the next one answers. With none, your pages are quoted directly.',
        options: [
          { value: 'openai', label: 'OpenAI' },
          { value: 'anthropic', label: 'Anthropic' },
          { value: 'bedrock', label: 'AWS Bedrock' },
        ],
        max: 3,
      },
      {
        path: 'answers.openai.apiKey',
        kind: 'secret',
        label: 'OpenAI key',
        help: 'Stored encrypted at the relay, and never shown again. With none, the relay’s own key is used where it has one.',
        nullable: true,
      },
      {
        path: 'answers.openai.model',
        kind: 'text',
        label: 'OpenAI model',
        help: 'Empty: as the relay is configured.',
        nullable: true,
        maxLength: 200,
      },
      {
        path: 'answers.openai.baseUrl',
        kind: 'url',
        label: 'OpenAI address',
        help: 'Only for another service that speaks the same language as OpenAI. Empty: as the relay is configured.',
        nullable: true,
      },
      {
        path: 'answers.openai.api',
        kind: 'select',
        label: 'OpenAI interface',
        help: 'Which of the two ways to ask is used; services that imitate OpenAI often have chat completions only. Empty: as the relay is configured.',
        options: [
          { value: 'responses', label: 'Responses' },
          { value: 'chat_completions', label: 'Chat completions' },
        ],
        nullable: true,
      },
      {
        path: 'answers.anthropic.apiKey',
        kind: 'secret',
        label: 'Anthropic key',
        help: 'Stored encrypted at the relay, and never shown again. With none, the relay’s own key is used where it has one.',
        nullable: true,
      },
      {
        path: 'answers.anthropic.model',
        kind: 'text',
        label: 'Anthropic model',
        help: 'Empty: as the relay is configured.',
        nullable: true,
        maxLength: 200,
      },
      {
        path: 'answers.anthropic.baseUrl',
        kind: 'url',
        label: 'Anthropic address',
        help: 'Only for another service that speaks the same language as Anthropic. Empty: as the relay is configured.',
        nullable: true,
      },
      {
        path: 'answers.bedrock.apiKey',
        kind: 'secret',
        label: 'AWS Bedrock key',
        help: 'An API key of Amazon Bedrock. Stored encrypted at the relay, and never shown again. With none, the relay’s own key is used where it has one.',
        nullable: true,
      },
      {
        path: 'answers.bedrock.region',
        kind: 'text',
        label: 'AWS region',
        help: 'Such as eu-central-1. Empty: as the relay is configured.',
        nullable: true,
        maxLength: 40,
      },
      {
        path: 'answers.bedrock.model',
        kind: 'text',
        label: 'AWS Bedrock model',
        help: 'The id of a model or of an inference profile. Empty: as the relay is configured.',
        nullable: true,
        maxLength: 200,
      },
      {
        path: 'answers.bedrock.baseUrl',
        kind: 'url',
        label: 'AWS Bedrock address',
        help: 'Only for another service that speaks the same language as AWS Bedrock. Empty: as AWS has it for the region.',
        nullable: true,
      },
      {
        path: 'answers.embeddings',
        kind: 'select',
        label: 'Find pages by meaning',
        help: 'Pages are always found by their words. OpenAI can also find those that say it in other words or in another language; it then receives your pages and every question.',
        options: [
          { value: 'none', label: 'No, by words only' },
          { value: 'openai', label: 'With OpenAI' },
        ],
      },
      {
        path: 'answers.maxTokens',
        kind: 'number',
        label: 'Longest answer',
        help: 'A token is about three quarters of an English word.',
        min: 50,
        max: 4_000,
        unit: 'tokens',
      },
      {
        path: 'answers.firstTokenMs',
        kind: 'number',
        label: 'Patience with a provider',
        help: 'If a provider has not begun its answer by then, the next one is asked.',
        min: 500,
        max: 30_000,
        unit: 'milliseconds',
      },
    ],
  },
  {
    id: 'appearance',
    title: 'Appearance',
    fields: [
      {
        path: 'appearance.accent',
        kind: 'colour',
        label: 'Accent colour',
        help: 'Of the chat button and of what can be pressed. The text on it is made black or white, whichever reads better.',
      },
      {
        path: 'appearance.theme',
        kind: 'select',
        label: 'Light or dark',
        options: [
          { value: 'auto', label: 'As the visitor’s device' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ],
      },
      {
        path: 'appearance.position',
        kind: 'select',
        label: 'Position of the chat button',
        options: [
          { value: 'bottom-right', label: 'Bottom right' },
          { value: 'bottom-left', label: 'Bottom left' },
        ],
      },
    ],
  },
  {
    id: 'texts',
    title: 'Texts',
    description:
      'Everything that the chat says by itself. English, German, French and Spanish are there; write only what you want to say differently. A further language needs a consent notice in it as well.',
    fields: [{ path: 'texts', kind: 'textsByLocale', label: 'Your own texts', maxLength: 500 }],
  },
  {
    id: 'consent',
    title: 'Consent',
    description:
      'What visitors read before anything of a chat is stored. Whoever declines is served just as well. A changed notice is a new version; earlier decisions keep the wording that was shown.',
    fields: [
      {
        path: 'consent.policyUrl',
        kind: 'url',
        label: 'Privacy policy',
        help: 'The page that the notice links to. Empty: no link.',
        nullable: true,
      },
      {
        path: 'consent.notices',
        kind: 'noticesByLocale',
        label: 'Your own notices',
        help: 'Where you write none, the built-in notice is shown in the visitor’s language. Where you write any, only your own are shown.',
      },
    ],
  },
  {
    id: 'prechat',
    title: 'Questions before the chat',
    description:
      'Asked of visitors who agreed that the chat is stored, and of nobody else. Ask for as little as you need, and say what for.',
    fields: [
      { path: 'prechat.enabled', kind: 'toggle', label: 'Ask before the chat begins' },
      {
        path: 'prechat.fields',
        kind: 'prechatFields',
        label: 'Questions',
        help: 'The purpose is shown to the visitor below the question.',
        max: 10,
      },
    ],
  },
  {
    id: 'hours',
    title: 'Opening hours',
    description:
      'The assistant answers at any time. While you are closed, the chat says so and when you open again, and promises nobody a person now.',
    fields: [
      {
        path: 'timezone',
        kind: 'timezone',
        label: 'Time zone',
        help: 'For the opening hours, and for the nightly deletion at 03:00.',
      },
      {
        path: 'hours.weekly',
        kind: 'weeklyHours',
        label: 'Weekly hours',
        help: 'Several times a day are possible, and a time past midnight. Without weekly hours you are always open.',
        max: 50,
        nullable: true,
      },
      {
        path: 'hours.holidays',
        kind: 'holidays',
        label: 'Holidays',
        help: 'Days on which you do not open, whatever the weekly hours say.',
        max: 100,
      },
      {
        path: 'hours.exceptions',
        kind: 'exceptions',
        label: 'Days with other hours',
        help: 'Such as the day before a holiday. They count instead of the weekly hours, and instead of a holiday.',
        max: 100,
      },
    ],
  },
  {
    id: 'privacy',
    title: 'Privacy',
    description: 'How long personal data is kept. What is older is deleted every night, for good.',
    fields: [
      {
        path: 'retention.conversationDays',
        kind: 'number',
        label: 'Conversations',
        help: 'Also the longest age of the visitor’s cookie.',
        min: 1,
        max: 3_650,
        unit: 'days',
      },
      {
        path: 'retention.leadDays',
        kind: 'number',
        label: 'Contact details that visitors left',
        min: 1,
        max: 3_650,
        unit: 'days',
      },
      {
        path: 'retention.pageViewDays',
        kind: 'number',
        label: 'Pages that visitors looked at',
        help: 'Kept only of visitors who agreed to analytics.',
        min: 1,
        max: 3_650,
        unit: 'days',
      },
      {
        path: 'retention.consentDays',
        kind: 'number',
        label: 'Consent log',
        help: 'At least as long as conversations: none may outlive the proof of its consent.',
        min: 1,
        max: 3_650,
        unit: 'days',
      },
    ],
  },
  {
    id: 'limits',
    title: 'Limits',
    fields: [
      {
        path: 'limits.answersPerMonth',
        kind: 'number',
        label: 'Answers by providers in a month',
        help: 'So that no bill surprises you: beyond it, your pages are quoted directly until the next month. Empty: no limit.',
        min: 0,
        max: 10_000_000,
        nullable: true,
      },
      {
        path: 'limits.spend.perMonth',
        kind: 'number',
        label: 'Most that answers may cost in a month',
        help: 'What the providers charge, by their price lists. Beyond it, your pages are quoted directly until the next month. Empty: no limit.',
        min: 0,
        max: 1_000_000,
        step: 0.01,
        unit: 'US dollars',
        nullable: true,
      },
      {
        path: 'limits.spend.perDay',
        kind: 'number',
        label: 'Most that they may cost in a day',
        help: 'Empty: no limit.',
        min: 0,
        max: 1_000_000,
        step: 0.01,
        unit: 'US dollars',
        nullable: true,
      },
      {
        path: 'limits.spend.perVisitorDay',
        kind: 'number',
        label: 'Most for one visitor in a day',
        help: 'Stops somebody who asks without end. Empty: no limit.',
        min: 0,
        max: 1_000_000,
        step: 0.01,
        unit: 'US dollars',
        nullable: true,
      },
      {
        path: 'limits.spend.perConversation',
        kind: 'number',
        label: 'Most for one conversation',
        help: 'Of conversations that are stored. Empty: no limit.',
        min: 0,
        max: 1_000_000,
        step: 0.01,
        unit: 'US dollars',
        nullable: true,
      },
      {
        path: 'limits.spend.perAnswer',
        kind: 'number',
        label: 'Most for one answer',
        help: 'An answer that could cost more is given from your pages directly. Empty: no limit.',
        min: 0,
        max: 1_000_000,
        step: 0.01,
        unit: 'US dollars',
        nullable: true,
      },
    ],
  },
  {
    id: 'features',
    title: 'Features',
    fields: [
      {
        path: 'features.leads',
        kind: 'toggle',
        label: 'Visitors can leave contact details',
        help: 'The chat offers a form for a name, an e-mail address, a phone number and a message.',
      },
      {
        path: 'features.callback',
        kind: 'toggle',
        label: 'Visitors can ask to be called back',
        help: 'The same form, with the time that suits them.',
      },
      {
        path: 'features.marketing',
        kind: 'toggle',
        label: 'Visitors can agree to marketing e-mails',
        help: 'The forms have a box for it that is not ticked. Ticking it makes a consent record of its own, and those of your CRMs that keep subscribers are told, as is Shopify.',
      },
      {
        path: 'features.orders',
        kind: 'toggle',
        label: 'Customers can ask about their own orders',
        help: 'Shopify only. A customer has to be signed in to your shop; nobody else is told anything of an order.',
      },
      {
        path: 'features.transcript',
        kind: 'toggle',
        label: 'Visitors can have their chat sent to them by e-mail',
        help: 'Only a chat that is stored, and only to an address that the visitor has confirmed in the chat.',
      },
    ],
  },
  {
    id: 'crm',
    title: 'Leads and CRM',
    description:
      'Contact details that visitors leave go to each CRM that is ticked here, once. What does not arrive is tried again for three days, and stands in the list of leads meanwhile. What is deleted here is deleted there as well, unless it was there before.',
    fields: [
      {
        path: 'crm.connectors',
        kind: 'many',
        label: 'CRMs that get your leads',
        help: 'Each needs its credentials below. One that you tick gets the leads from now on.',
        options: [
          { value: 'hubspot', label: 'HubSpot' },
          { value: 'salesforce', label: 'Salesforce' },
          { value: 'pipedrive', label: 'Pipedrive' },
          { value: 'klaviyo', label: 'Klaviyo' },
          { value: 'zoho', label: 'Zoho CRM' },
        ],
        max: 5,
      },
      {
        path: 'crm.transcript',
        kind: 'toggle',
        label: 'Send what was said in the chat with the lead',
        help: 'Only of chats that are stored. Say so in your privacy policy.',
      },
      ...ofCrm('hubspot', [
        {
          path: 'crm.hubspot.accessToken',
          kind: 'secret',
          label: 'HubSpot access token',
          help: 'Of a private app, with the scopes to read and write contacts and their properties: in HubSpot under Settings, Integrations, Private Apps. Stored encrypted at the relay, and never shown again.',
          nullable: true,
        },
        {
          path: 'crm.hubspot.mapping',
          kind: 'mapping',
          label: 'Fields in HubSpot',
          help: 'Only where you want something other than the usual: which field of the form goes into which property, by its internal name. Everything else is written into a note.',
          options: LEAD_FIELDS,
        },
      ]),
      ...ofCrm('salesforce', [
        {
          path: 'crm.salesforce.loginUrl',
          kind: 'url',
          label: 'Salesforce address',
          help: 'The domain of your organisation, such as https://example.my.salesforce.com. Empty: https://login.salesforce.com.',
          nullable: true,
        },
        {
          path: 'crm.salesforce.clientId',
          kind: 'text',
          label: 'Salesforce consumer key',
          help: 'Of a connected app: in Salesforce under Setup, App Manager, with OAuth switched on and the scope “Manage user data via APIs”.',
          nullable: true,
          maxLength: 300,
        },
        {
          path: 'crm.salesforce.clientSecret',
          kind: 'secret',
          label: 'Salesforce consumer secret',
          help: 'It stands beside the consumer key. Stored encrypted at the relay, and never shown again.',
          nullable: true,
        },
        {
          path: 'crm.salesforce.refreshToken',
          kind: 'secret',
          label: 'Salesforce refresh token',
          help: 'Where your connected app uses the client credentials flow, leave this empty.',
          nullable: true,
        },
        {
          path: 'crm.salesforce.mapping',
          kind: 'mapping',
          label: 'Fields in Salesforce',
          help: 'Which field of the form goes into which field of the lead, by its API name such as Company. Everything else is written into a note.',
          options: LEAD_FIELDS,
        },
      ]),
      ...ofCrm('pipedrive', [
        {
          path: 'crm.pipedrive.apiToken',
          kind: 'secret',
          label: 'Pipedrive API token',
          help: 'In Pipedrive under Personal preferences, API. Stored encrypted at the relay, and never shown again.',
          nullable: true,
        },
        {
          path: 'crm.pipedrive.mapping',
          kind: 'mapping',
          label: 'Fields in Pipedrive',
          help: 'Which field of the form goes into which field of the person, by its API key. Everything else is written into a note.',
          options: LEAD_FIELDS,
        },
      ]),
      ...ofCrm('klaviyo', [
        {
          path: 'crm.klaviyo.apiKey',
          kind: 'secret',
          label: 'Klaviyo private key',
          help: 'With full access to profiles, lists, subscriptions and data privacy: in Klaviyo under Settings, API keys. Stored encrypted at the relay, and never shown again.',
          nullable: true,
        },
        {
          path: 'crm.klaviyo.listId',
          kind: 'text',
          label: 'Klaviyo list',
          help: 'The id of the list that those join who agreed to marketing e-mails. Empty: nobody is subscribed.',
          nullable: true,
          maxLength: 40,
        },
        {
          path: 'crm.klaviyo.mapping',
          kind: 'mapping',
          label: 'Fields in Klaviyo',
          help: 'Which field of the form goes into which property of the profile.',
          options: LEAD_FIELDS,
        },
      ]),
      ...ofCrm('zoho', [
        {
          path: 'crm.zoho.region',
          kind: 'select',
          label: 'Zoho data centre',
          help: 'As the address ends that you use Zoho at.',
          options: [
            { value: 'com', label: 'zoho.com' },
            { value: 'eu', label: 'zoho.eu' },
            { value: 'in', label: 'zoho.in' },
            { value: 'com.au', label: 'zoho.com.au' },
            { value: 'jp', label: 'zoho.jp' },
            { value: 'zohocloud.ca', label: 'zohocloud.ca' },
            { value: 'sa', label: 'zoho.sa' },
          ],
        },
        {
          path: 'crm.zoho.clientId',
          kind: 'text',
          label: 'Zoho client id',
          help: 'Of a self client: in the API console of Zoho, at api-console.zoho.com or the one of your data centre.',
          nullable: true,
          maxLength: 300,
        },
        {
          path: 'crm.zoho.clientSecret',
          kind: 'secret',
          label: 'Zoho client secret',
          help: 'It stands beside the client id. Stored encrypted at the relay, and never shown again.',
          nullable: true,
        },
        {
          path: 'crm.zoho.refreshToken',
          kind: 'secret',
          label: 'Zoho refresh token',
          help: 'Generate a code in the self client with the scopes for modules and settings of the CRM, and exchange it for a refresh token.',
          nullable: true,
        },
        {
          path: 'crm.zoho.mapping',
          kind: 'mapping',
          label: 'Fields in Zoho CRM',
          help: 'Which field of the form goes into which field of the lead, by its API name. Everything else is written into a note.',
          options: LEAD_FIELDS,
        },
      ]),
    ],
  },
  {
    id: 'notifications',
    title: 'Notifications',
    description: 'E-mails to you and your staff.',
    fields: [
      {
        path: 'notifications.addresses',
        kind: 'emails',
        label: 'Who is written to',
        help: 'Each address first gets an e-mail to confirm it, and nothing else before.',
        max: 5,
      },
      {
        path: 'notifications.leads',
        kind: 'select',
        label: 'New contact details',
        options: NOTICE_TIMES,
      },
      {
        path: 'notifications.callbacks',
        kind: 'select',
        label: 'New requests to be called back',
        options: NOTICE_TIMES,
      },
      {
        path: 'notifications.alerts',
        kind: 'toggle',
        label: 'What needs you',
        help: 'Leads that do not arrive in your CRM for a day, and limits of cost that are near.',
      },
    ],
  },
  {
    id: 'advanced',
    title: 'Advanced',
    fields: [
      {
        path: 'allowedOrigins',
        kind: 'origins',
        label: 'Websites that may show this chat',
        help: 'Such as https://shop.example, without a path. On any other website the chat stays silent.',
        max: 20,
      },
      {
        path: 'country',
        kind: 'country',
        label: 'Country',
        help: 'For phone numbers that are written without a country code. Empty: only those with one are understood.',
        nullable: true,
      },
    ],
  },
];

/** Languages that are offered by name; any other that a site already has stays. */
export const LANGUAGES =
  'ar bg bn bs ca cs cy da de de-AT de-CH el en en-GB en-US es es-MX et eu fa fi fr fr-CA ga gl he hi hr hu id is it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sq sr sv sw th tr uk ur vi zh zh-TW'.split(
    ' ',
  );

/** ISO 3166-1. */
export const COUNTRIES =
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW'.split(
    ' ',
  );
