import type { DataRequestPage, PurgeCertificate, Receipt, RetentionResponse } from '@confab/contract';
import type { LogReport } from '../../../features/consent/index.ts';
import type { CustomerDataRequest, WebhookRow } from '../webhooks/index.ts';
import { type Html, html } from './html.ts';
import { ROOT } from './page.ts';
import { pager, table } from './parts.ts';
import { countsInWords, type Words } from './words.ts';

const PATH = `${ROOT}/privacy`;

/** What Shopify told that the law asks for, and when it was done. */
export type ComplianceReceipt = Pick<WebhookRow, 'topic' | 'receivedAt' | 'processedAt' | 'outcome'>;

export type Privacy = {
  /** A part of the consent log, newest first, and how many records stand behind it. */
  consents: { records: Receipt[]; end: number; older: number | null; newest: boolean };
  /** What a check of the whole log found; where one was asked for. */
  report: LogReport | undefined;
  requests: DataRequestPage & { cursor: string | undefined };
  /** How many of all requests are past their time. */
  overdue: number;
  shopifyRequests: CustomerDataRequest[];
  receipts: ComplianceReceipt[];
  certificates: { items: PurgeCertificate[]; nextCursor: string | null; cursor: string | undefined };
  retention: RetentionResponse;
  /** What the next purge would take if chats and leads were kept for so many days. */
  previews: { days: number; expired: RetentionResponse['expired'] }[];
  holds: { reason: string; author: string; createdAt: Date; conversationId: string | null }[];
  /** The language models that a question goes to. */
  models: string[];
  /** The CRMs that leads go to, and whether what was said goes with them. */
  crms: { names: string[]; withTranscript: boolean };
  /** Where Confab runs, and keeps what it keeps. */
  host: string;
  /** Of downloads: whose they are and of which day, and nothing of a person. */
  fileName: (what: string, extension: string) => string;
};

/** What was agreed to, what was asked for, what is gone, and how long the rest is kept. */
export function privacyPage(privacy: Privacy, words: Words): Html {
  return html`<s-page heading="Privacy">
${holds(privacy, words)}
${overdue(privacy, words)}
${report(privacy.report, words)}
${whatIsKept(privacy, words)}
${consentLog(privacy, words)}
${privacy.shopifyRequests.length > 0 && fromShopify(privacy, words)}
${dataRequests(privacy, words)}
${retention(privacy, words)}
${certificates(privacy, words)}
${receipts(privacy.receipts, words)}
${subProcessors(privacy)}
</s-page>`;
}

function holds({ holds }: Privacy, words: Words): Html | false {
  if (holds.length === 0) return false;
  return html`<s-banner tone="warning" heading="A legal hold keeps data beyond their time">
${holds.map(
  ({ reason, author, createdAt, conversationId }) =>
    html`<s-paragraph dir="auto">${conversationId === null ? 'Everything of this shop' : 'One conversation'} is kept since ${words.day(createdAt)}: ${reason} (${author})</s-paragraph>`,
)}
<s-paragraph>What a hold keeps is neither purged nor erased until the operator of Confab ends it.</s-paragraph>
</s-banner>`;
}

function overdue({ overdue, shopifyRequests }: Privacy, words: Words): Html | false {
  if (overdue === 0) return false;
  return html`<s-banner tone="critical" heading="${words.count(overdue, 'data request')} overdue">
<s-paragraph>The law gives a month. ${shopifyRequests.length > 0 ? 'Those of Shopify are below, with what you pass on.' : 'Write to the support of Confab if one does not come to its end.'}</s-paragraph>
</s-banner>`;
}

function report(found: LogReport | undefined, words: Words): Html | false {
  if (!found) return false;
  if (found.ok) {
    return html`<s-banner tone="success" heading="The consent log is whole">
<s-paragraph>${words.count(found.records, 'record')} checked: none was changed, taken out, added or moved.</s-paragraph></s-banner>`;
  }
  const where = found.problem?.sequence === undefined ? '' : `Record ${words.number(found.problem.sequence)} `;
  return html`<s-banner tone="critical" heading="The consent log was changed">
<s-paragraph>${where}${found.problem?.message ?? ''}. Download the log, keep it, and write to the support of Confab.</s-paragraph></s-banner>`;
}

/** What a data-protection officer asks first; the law's own words for the reasons are the shop's to choose. */
const whatIsKept = (
  { retention: { windows } }: Privacy,
  words: Words,
): Html => html`<s-section heading="What is kept, and why">
<s-stack gap="base">
${table(
  'What is kept, and why',
  ['What', 'Why', 'For how long'],
  (
    [
      ['Chats', 'To go on with a chat; only of visitors who agreed to it', windows.conversationDays],
      ['Contact details that a visitor leaves', 'To reach the visitor, as the visitor asked', windows.leadDays],
      [
        'Pages seen while chatting',
        'To see where help is needed; only of visitors who agreed to it',
        windows.pageViewDays,
      ],
      ['Decisions of visitors about these', 'To prove them', windows.consentDays],
    ] as const
  ).map(([what, why, days]) => [what, why, words.count(days, 'day')]),
)}
<s-paragraph>Chats of visitors who said no are answered and counted, and never stored. The orders of a customer who asks about them are read at that moment and are not copied; the answer stands in the chat, where that is kept.</s-paragraph>
<s-paragraph>Erasing a lead here leaves the customer in Shopify that it became: erase that one in the Shopify admin, under Customers. Shopify then tells Confab, which erases the rest.</s-paragraph>
</s-stack>
</s-section>`;

const DECISIONS = { granted: 'Agreed', declined: 'Declined', withdrawn: 'Withdrawn' } as const;
const TONES = { granted: 'success', declined: 'neutral', withdrawn: 'warning' } as const;
const PURPOSES = { storage: 'Keeping the chat', analytics: 'Pages seen', marketing: 'Marketing e-mails' } as const;
const ASKED_BY = {
  banner: 'The chat’s own question',
  platform: 'The shop’s cookie banner',
  gpc: 'The browser’s privacy signal',
  settings: 'The chat’s privacy settings',
  lead_form: 'The form for contact details',
} as const;

function consentLog({ consents, fileName }: Privacy, words: Words): Html {
  const { records, end, older, newest } = consents;
  if (end === 0) {
    return html`<s-section heading="Consent log">
<s-paragraph>Every decision of a visitor is written down here, with the words that were shown, so that you can prove it. There is none yet.</s-paragraph>
</s-section>`;
  }
  return html`<s-section heading="Consent log">
<s-button slot="secondary-actions" href="${PATH}?verify=1">Check the log</s-button>
<s-button slot="secondary-actions" href="${PATH}/consents.jsonl" data-download="${fileName('consent-log', 'jsonl')}">Download the log</s-button>
<s-stack gap="base">
<s-paragraph>Every decision of a visitor, with the words that were shown. Each record is tied to the one before, so that a change shows. None says who the visitor was.</s-paragraph>
${table(
  'Consent log',
  ['Decision', 'About', 'When', 'Asked by', 'Record'],
  records.map(({ decision, purposes, recordedAt, source, sequence }) => [
    html`<s-badge tone="${TONES[decision]}">${DECISIONS[decision]}</s-badge>`,
    purposes.map(purpose => PURPOSES[purpose]).join(', '),
    words.moment(recordedAt),
    ASKED_BY[source],
    words.number(sequence),
  ]),
)}
${pager({ newest: newest ? null : PATH, older: older === null ? null : `${PATH}?consents=${older}` })}
</s-stack>
</s-section>`;
}

const REQUESTS = {
  access: 'A copy of the data',
  portability: 'A copy to take elsewhere',
  rectification: 'A correction',
  erasure: 'Erasure',
  restriction: 'Keep, and do not use',
} as const;
const ASKERS = {
  widget: 'The visitor, in the chat',
  plugin: 'The shop',
  platform: 'Shopify',
  console: 'The team',
} as const;

function dataRequests({ requests }: Privacy, words: Words): Html {
  const { items, cursor, nextCursor } = requests;
  return html`<s-section heading="Data requests">
<s-stack gap="base">
${
  items.length === 0
    ? html`<s-paragraph>Nobody has asked for their data yet. Visitors can in the chat, and customers through Shopify; both are done by Confab at once.</s-paragraph>`
    : table(
        'Data requests',
        ['Request', 'State', 'Asked by', 'Received', 'Due', 'Came to'],
        items.map(request => [
          REQUESTS[request.type],
          stateOf(request),
          ASKERS[request.source],
          words.moment(request.receivedAt),
          words.day(request.dueAt),
          cameTo(request, words),
        ]),
      )
}
${pager({
  newest: cursor === undefined ? null : PATH,
  older: nextCursor && `${PATH}?requests=${encodeURIComponent(nextCursor)}`,
})}
</s-stack>
</s-section>`;
}

type Request = DataRequestPage['items'][number];

function stateOf({ status, overdue }: Request): Html {
  if (status === 'completed') return html`<s-badge tone="success">Done</s-badge>`;
  return overdue ? html`<s-badge tone="critical">Overdue</s-badge>` : html`<s-badge tone="info">Under way</s-badge>`;
}

function cameTo({ status, counts, retained }: Request, words: Words): string {
  if (status !== 'completed') return '–';
  const kept = countsInWords(retained, words);
  const done = countsInWords(counts, words) || 'Nothing was held';
  return kept === '' ? done : `${done}; the law keeps ${kept}`;
}

const fromShopify = (
  { shopifyRequests, fileName }: Privacy,
  words: Words,
): Html => html`<s-section heading="Customer data requested through Shopify">
<s-stack gap="base">
<s-paragraph>Somebody asked for a customer’s data in the Shopify admin. Download what Confab holds, and send it to the customer.</s-paragraph>
${table(
  'Customer data requested through Shopify',
  ['Received', 'Answer by', 'Held about them', 'Answer'],
  shopifyRequests.map(request => [
    words.moment(request.receivedAt),
    words.day(request.dueAt),
    request.completedAt === null ? '–' : countsInWords(request.counts, words) || 'Nothing',
    answerTo(request, fileName),
  ]),
)}
</s-stack>
</s-section>`;

function answerTo(
  { eventId, completedAt, hasFailed, hasDocument }: CustomerDataRequest,
  fileName: Privacy['fileName'],
): Html {
  if (completedAt === null && !hasFailed) return html`<s-badge tone="info">Being put together</s-badge>`;
  if (!hasDocument) return html`<s-text color="subdued">Its time is over</s-text>`;
  const href = `${PATH}/shopify-requests/${encodeURIComponent(eventId)}`;
  return html`<s-button href="${href}" data-download="${fileName('personal-data', 'html')}">Download</s-button>`;
}

const WINDOWS = [
  ['conversationDays', 'Conversations', 'Chats and their messages'],
  ['leadDays', 'Leads', 'Contact details kept here; customers in Shopify are yours to keep'],
  ['pageViewDays', 'Pages seen', 'Of visitors who agreed to that'],
  ['consentDays', 'Consent log', 'Not shorter than conversations: a chat must not outlive the proof of its consent'],
] as const;

function retention({ retention: { windows, expired, held, nextRunAt }, previews }: Privacy, words: Words): Html {
  const due = totalsOf(expired, words);
  return html`<s-section heading="How long data are kept">
<s-stack gap="base">
<s-paragraph>${
    held
      ? 'A legal hold stops every purge of this shop.'
      : `The next purge is due ${words.moment(nextRunAt)}. ${due === '' ? 'Nothing is past its time.' : `It will delete ${due}.`}`
  }</s-paragraph>
<form data-action="${PATH}/retention" data-guard>
<s-grid gridTemplateColumns="repeat(auto-fit, minmax(14rem, 1fr))" gap="base">
${WINDOWS.map(
  ([name, label, details]) =>
    html`<s-number-field name="${name}" label="${label}" details="${details}" suffix="days" value="${windows[name]}" min="1" max="3650" step="1" inputMode="numeric" required></s-number-field>`,
)}
</s-grid>
</form>
${
  !held &&
  html`<s-stack gap="small"><s-heading>What a shorter time would delete at the next purge</s-heading>
${table(
  'What a shorter time would delete',
  ['Kept for', 'Deleted'],
  previews.map(({ days, expired }) => [words.count(days, 'day'), totalsOf(expired, words) || 'Nothing']),
)}</s-stack>`
}
</s-stack>
</s-section>`;
}

/** The rows of every kind, over all classes: `12 messages and 1 lead`; nothing where there are none. */
export function totalsOf(byClass: Readonly<Record<string, Readonly<Record<string, number>>>>, words: Words): string {
  const totals: Record<string, number> = {};
  for (const counts of Object.values(byClass)) {
    for (const [kind, count] of Object.entries(counts)) totals[kind] = (totals[kind] ?? 0) + count;
  }
  return countsInWords(totals, words);
}

function certificates({ certificates, fileName }: Privacy, words: Words): Html {
  const { items, nextCursor, cursor } = certificates;
  if (items.length === 0 && cursor === undefined) {
    return html`<s-section heading="Certificates of purges">
<s-paragraph>Each night what is past its time is deleted, and a certificate says how much. The first comes with the first night.</s-paragraph>
</s-section>`;
  }
  return html`<s-section heading="Certificates of purges">
<s-button slot="secondary-actions" href="${PATH}/certificates.json" data-download="${fileName('purge-certificates', 'json')}">Download all</s-button>
<s-stack gap="base">
${table(
  'Certificates of purges',
  ['Number', 'Completed', 'Deleted', 'Fingerprint'],
  items.map(({ sequence, completedAt, counts, held, hash }) => [
    words.number(sequence),
    words.moment(completedAt),
    held ? 'Nothing: a legal hold' : totalsOf(counts, words) || 'Nothing was past its time',
    html`<s-text fontVariantNumeric="tabular-nums" dir="ltr">${hash.slice(0, 16)}…</s-text>`,
  ]),
)}
${pager({
  newest: cursor === undefined ? null : PATH,
  older: nextCursor && `${PATH}?certificates=${encodeURIComponent(nextCursor)}`,
})}
</s-stack>
</s-section>`;
}

const TOPICS: Readonly<Record<string, string>> = {
  'customers/data_request': 'A customer asked for their data',
  'customers/redact': 'A customer’s data are to be erased',
  'shop/redact': 'The shop’s data are to be erased',
};

function receipts(received: ComplianceReceipt[], words: Words): Html | false {
  if (received.length === 0) return false;
  return html`<s-section heading="Received from Shopify">
${table(
  'Received from Shopify',
  ['Notice', 'Received', 'Done'],
  received.map(receipt => [
    TOPICS[receipt.topic] ?? receipt.topic,
    words.moment(receipt.receivedAt),
    doneOf(receipt, words),
  ]),
)}
</s-section>`;
}

function doneOf({ processedAt, outcome }: ComplianceReceipt, words: Words): Html | string {
  if (processedAt !== null) return words.moment(processedAt);
  if (outcome?.state === 'failed') return html`<s-badge tone="critical">Could not be done</s-badge>`;
  return outcome?.state === 'waiting' && outcome.fault === 'legal_hold'
    ? html`<s-badge tone="warning">Waits for the end of a legal hold</s-badge>`
    : html`<s-badge tone="info">Under way</s-badge>`;
}

function subProcessors({ models, crms, host }: Privacy): Html {
  return html`<s-section heading="Who else receives data">
<s-unordered-list>
<s-list-item>Confab runs at ${host}: whoever runs it there keeps what stands above, for you.</s-list-item>
<s-list-item>${
    models.length === 0
      ? 'No language model is connected: answers quote your own pages, and no question leaves Confab.'
      : `Questions, and the passages of your shop that fit them, go to ${models.join(' and ')}.`
  }</s-list-item>
<s-list-item>Shopify receives a lead as a customer, where you allow that.</s-list-item>
${
  crms.names.length > 0 &&
  html`<s-list-item>Contact details that visitors leave${crms.withTranscript && ', and what was said in a chat that is kept,'} go to ${crms.names.join(' and ')}.</s-list-item>`
}
</s-unordered-list>
</s-section>`;
}
