import type { SiteResponse } from '@confab/contract';
import { limitBanner } from '../billing/plan-page.ts';
import type { Scope } from '../scopes.ts';
import type { SyncState } from '../shops.ts';
import type { Failing } from '../webhooks/index.ts';
import { type Html, html } from './html.ts';
import { ROOT } from './page.ts';
import { faultInWords } from './sync-words.ts';
import type { Words } from './words.ts';

/** What each feature needs that a shop is asked for only when it switches the feature on. */
export const FEATURE_SCOPES = {
  leads: ['read_customers', 'write_customers'],
  orders: ['read_orders'],
} as const satisfies Record<string, readonly Scope[]>;

type Feature = keyof typeof FEATURE_SCOPES;

/** What the set-up guide, the figures and the list of what needs attention say. */
export type Home = {
  domain: string;
  apiKey: string;
  sync: SyncState | null;
  documents: number;
  hasAnswered: boolean;
  hasPolicy: boolean;
  /** What the settings switch on and Shopify has not been asked for, or has not allowed. */
  missingScopes: Feature[];
  usage: SiteResponse['usage'];
  leads: number;
  undeliveredLeads: number;
  failing: Failing[];
  overdueRequests: number;
};

/** The first page: what is left to set up, what happened this month, and what waits for the merchant. */
export function homePage(home: Home, words: Words): Html {
  const isSetUp = home.sync?.state === 'done' && home.hasAnswered && home.hasPolicy;
  const parts = [setUp(home, words), figures(home, words)];
  return html`<s-page heading="Confab">
${attention(home, words)}
${isSetUp ? parts.toReversed() : parts}
</s-page>`;
}

function attention(home: Home, words: Words): Html[] {
  const { sync, missingScopes, undeliveredLeads, overdueRequests, failing, usage } = home;
  return [
    ...(sync?.state === 'failed'
      ? [
          banner('critical', 'The shop’s content could not be read', faultInWords(sync.fault), [
            html`<s-button slot="secondary-actions" data-post="${ROOT}/knowledge/sync">Try again</s-button>`,
          ]),
        ]
      : []),
    ...(overdueRequests > 0
      ? [
          banner(
            'critical',
            `${words.count(overdueRequests, 'data request')} overdue`,
            'Somebody asked for their data, or for its end, more than a month ago, and it is not done.',
            [link('privacy', 'See the data requests')],
          ),
        ]
      : []),
    ...privacyNotices(failing, words),
    ...limitBanner(usage, words, link('plan', 'See your plan')),
    ...missingScopes.map(scopesBanner),
    ...(undeliveredLeads > 0
      ? [
          banner(
            'warning',
            `${words.count(undeliveredLeads, 'lead')} could not be added to your customers`,
            'They are kept here. The list says what stands in the way of each.',
            [link('leads', 'See the leads')],
          ),
        ]
      : []),
    ...(sync?.state === 'done' && sync.fault !== null
      ? [banner('warning', 'Something of the shop is missing from the answers', faultInWords(sync.fault), [])]
      : []),
    ...otherNotices(failing, words),
  ];
}

/** What Shopify told for the sake of people’s rights, and could not be done. */
function privacyNotices(failing: Failing[], words: Words): Html[] {
  const notices = failing.filter(({ topic }) => /^customers\/|^shop\/redact$/.test(topic));
  const count = totalOf(notices);
  if (count === 0) return [];
  const text = notices.some(({ isLost }) => isLost)
    ? 'A customer’s data are to be handed out or erased, and Confab could not do it. Write to the support of Confab.'
    : 'A customer’s data are to be handed out or erased. Confab could not do it so far, and tries again every day.';
  const heading = `${words.count(count, 'privacy request')} from Shopify could not be carried out`;
  return [banner('critical', heading, text, [link('privacy', 'See the data requests')])];
}

/** The other news of Shopify that could not be taken in: what changed in the catalogue, and all else. */
function otherNotices(failing: Failing[], words: Words): Html[] {
  const changes = failing.filter(({ topic }) => /^(products|collections|bulk_operations)\//.test(topic));
  const count = totalOf(changes);
  const others = failing.filter(({ topic }) => /^app|^shop\/update$/.test(topic));
  const isLost = changes.some(each => each.isLost);
  return [
    ...(count > 0
      ? [
          banner(
            'warning',
            `${words.count(count, 'change')} in your shop could not be read ${isLost ? '' : 'yet'}`.trim(),
            `${isLost ? 'Confab has given up on it until the coming night.' : 'Confab goes on trying.'} Until then answers may rest on what was there before. A sync reads everything anew.`,
            [html`<s-button slot="secondary-actions" data-post="${ROOT}/knowledge/sync">Sync now</s-button>`],
          ),
        ]
      : []),
    ...(others.length > 0
      ? [
          banner(
            'warning',
            'News about your account could not be taken in yet',
            'Shopify told of a change of your plan, your permissions or the address of your shop. Confab asks for all three again every night; you need to do nothing.',
            [link('plan', 'See your plan')],
          ),
        ]
      : []),
  ];
}

const totalOf = (failing: Failing[]): number => failing.reduce((sum, { count }) => sum + count, 0);

/** Asks for a permission that a switched-on feature needs. */
export function scopesBanner(feature: Feature): Html {
  const isLeads = feature === 'leads';
  return banner(
    'warning',
    isLeads ? 'Leads do not reach your customer list yet' : 'Customers cannot ask about their orders yet',
    isLeads
      ? 'Confab needs your permission to find and add customers. Until then leads are kept here.'
      : 'Confab needs your permission to read the orders of a customer who is signed in and asks.',
    [
      html`<s-button slot="secondary-actions" data-request-scopes="${FEATURE_SCOPES[feature].join(',')}">${isLeads ? 'Allow Confab to add customers' : 'Allow Confab to read orders'}</s-button>`,
    ],
  );
}

function setUp({ domain, apiKey, sync, documents, hasAnswered, hasPolicy }: Home, words: Words): Html {
  const editor = `https://${domain}/admin/themes/current/editor?context=apps&activateAppId=${apiKey}/confab-chat`;
  const knows = sync?.state === 'done' && documents > 0;
  return html`<s-section heading="Set up Confab">
<s-stack gap="base">
${step({
  title: 'Let Confab read your shop',
  badge: knows
    ? DONE
    : sync?.state === 'running' || sync === null
      ? badge('info', 'Under way')
      : badge('critical', 'Stopped'),
  text: knowledgeWords(sync, documents, words),
  more:
    sync?.state === 'running' || sync === null
      ? html`<div data-poll="5"><s-stack direction="inline" gap="small" alignItems="center"><s-spinner accessibilityLabel="Reading the shop"></s-spinner><s-text>${words.count(sync?.documents ?? 0, 'document')} so far</s-text></s-stack></div>`
      : html`<s-button href="${ROOT}/knowledge" variant="tertiary">See what it knows</s-button>`,
})}
<s-divider></s-divider>
${step({
  title: 'Switch the chat on in your theme',
  badge: html`<s-badge data-extension-status>Checking</s-badge>`,
  text: 'The theme editor opens with Confab switched on. Press Save there, and the chat is in your shop.',
  more: html`<s-button href="${editor}" target="_top" variant="primary">Open the theme editor</s-button>`,
})}
<s-divider></s-divider>
${step({
  title: 'Ask it a question',
  badge: hasAnswered ? DONE : TO_DO,
  text: 'Open your shop, press the chat button, and ask what a customer would, such as how long delivery takes.',
  more: html`<s-button href="https://${domain}/" target="_blank" variant="${buttonOf(hasAnswered)}">Open your shop</s-button>`,
})}
<s-divider></s-divider>
${step({
  title: 'Link your privacy policy',
  badge: hasPolicy ? DONE : TO_DO,
  text: 'Visitors are asked before anything is kept. The question should link to your policy; what Confab may collect, such as contact details, is decided beside it.',
  more: html`<s-button href="${ROOT}/settings#consent" variant="${buttonOf(hasPolicy)}">Open the settings</s-button>`,
})}
</s-stack>
</s-section>`;
}

function knowledgeWords(sync: SyncState | null, documents: number, words: Words): string {
  if (sync === null || sync.state === 'running') {
    return 'Products, collections, pages, articles and policies are being read. You need not wait here.';
  }
  if (sync.state === 'failed') return faultInWords(sync.fault);
  if (documents === 0) return 'There is nothing published in the shop yet that answers could rest on.';
  return `Answers rest on ${words.count(documents, 'document')}.`;
}

function figures({ usage, leads }: Home, words: Words): Html {
  const { conversations, answers, modelAnswers, answersLimit } = usage;
  const { usd, limitUsd } = usage.spend.month;
  const limited =
    answersLimit !== null &&
    ([`Answers by a model (of ${words.number(answersLimit)})`, words.number(modelAnswers)] as const);
  const entries = [
    ['Conversations', words.number(conversations)],
    ['Answers', words.number(answers)],
    ...(limited ? [limited] : []),
    [limitUsd === null ? 'Cost of answers' : `Cost of answers (of ${words.dollars(limitUsd)})`, words.dollars(usd)],
    ['Leads', words.number(leads)],
  ] as const;
  return html`<s-section heading="This month">
<s-grid gridTemplateColumns="repeat(auto-fit, minmax(8rem, 1fr))" gap="base">
${entries.map(
  ([name, value]) => html`<s-box padding="base" background="subdued" borderRadius="base"><s-stack gap="none">
<s-text color="subdued">${name}</s-text>
<s-text fontSize="large-100" fontWeight="semibold">${value}</s-text>
</s-stack></s-box>`,
)}
</s-grid>
</s-section>`;
}

const badge = (tone: 'info' | 'success' | 'critical', text: string) => html`<s-badge tone="${tone}">${text}</s-badge>`;
const DONE = badge('success', 'Done');
const TO_DO = html`<s-badge>To do</s-badge>`;

/** What is done is still there, and asks for nothing. */
const buttonOf = (isDone: boolean) => (isDone ? 'tertiary' : 'secondary');

const step = ({ title, badge, text, more }: { title: string; badge: Html; text: string; more: Html }) =>
  html`<s-stack gap="small">
<s-stack direction="inline" gap="small" alignItems="center"><s-heading>${title}</s-heading>${badge}</s-stack>
<s-paragraph>${text}</s-paragraph>
${more}
</s-stack>`;

const link = (path: string, text: string) =>
  html`<s-button slot="secondary-actions" href="${ROOT}/${path}">${text}</s-button>`;

const banner = (tone: 'critical' | 'warning', heading: string, text: string, actions: Html[]) =>
  html`<s-banner tone="${tone}" heading="${heading}"><s-paragraph>${text}</s-paragraph>${actions}</s-banner>`;
