import type { DocumentPage, EntryPage, UnansweredPage } from '@confab/contract';
import type { SyncState } from '../shops.ts';
import { answersSection, questionsSection } from './answers/page.ts';
import { type Html, html } from './html.ts';
import { ROOT } from './page.ts';
import { emptyState, pager, table, webLink } from './parts.ts';
import { languageName } from './settings/choices.ts';
import { faultInWords } from './sync-words.ts';
import type { Words } from './words.ts';

const PATH = `${ROOT}/knowledge`;

/** What Shopify calls a thing, and what a merchant does. */
const KINDS: Readonly<Record<string, [one: string, many: string]>> = {
  Product: ['Product', 'Products'],
  Collection: ['Collection', 'Collections'],
  Page: ['Page', 'Pages'],
  Article: ['Article', 'Articles'],
  ShopPolicy: ['Policy', 'Policies'],
};

export type Knowledge = {
  sync: SyncState | null;
  /** How many documents there are of each of Shopify's kinds. */
  counts: Readonly<Record<string, number>>;
  lastSyncedAt: string | null;
  documents: DocumentPage;
  cursor: string | undefined;
  questions: UnansweredPage & { cursor: string | undefined };
  answers: EntryPage & { cursor: string | undefined };
};

/** What answers rest on: how much, how fresh, what is missing, what the owner wrote, which documents, what is left out. */
export function knowledgePage(knowledge: Knowledge, words: Words): Html {
  const { sync, counts, lastSyncedAt, documents, cursor, questions, answers } = knowledge;
  const isRunning = sync === null || sync.state === 'running';
  return html`<s-page heading="Knowledge">
${!isRunning && html`<s-button slot="primary-action" variant="primary" data-post="${PATH}/sync">Sync now</s-button>`}
${
  sync?.state === 'failed' &&
  html`<s-banner tone="critical" heading="The last sync stopped"><s-paragraph>${faultInWords(sync.fault)}</s-paragraph>
<s-paragraph>What was read before is still there, and answers still rest on it.</s-paragraph>
<s-button slot="secondary-actions" data-post="${PATH}/sync">Try again</s-button></s-banner>`
}
<s-section heading="What answers rest on">
<s-stack gap="base">
${isRunning ? running(sync, words) : html`<s-paragraph>${finished(sync, lastSyncedAt, words)}</s-paragraph>`}
${sync?.state === 'done' && sync.fault !== null && html`<s-paragraph tone="caution">${faultInWords(sync.fault)}</s-paragraph>`}
<s-grid gridTemplateColumns="repeat(auto-fit, minmax(7rem, 1fr))" gap="base">
${Object.entries(KINDS).map(
  ([kind, [, many]]) => html`<s-box padding="base" background="subdued" borderRadius="base"><s-stack gap="none">
<s-text color="subdued">${many}</s-text>
<s-text fontSize="large" fontWeight="semibold">${words.number(counts[kind] ?? 0)}</s-text>
</s-stack></s-box>`,
)}
</s-grid>
</s-stack>
</s-section>
${questionsSection(questions, words)}
${answersSection(answers)}
${documents.items.length > 0 && listed(documents, words)}
${documents.items.length === 0 && !isRunning && NOTHING}
${pager({
  newest: cursor === undefined ? null : PATH,
  older: documents.nextCursor && `${PATH}?cursor=${encodeURIComponent(documents.nextCursor)}`,
})}
<s-section heading="How it stays fresh">
<s-paragraph>A product or collection is read again within a minute of each change. Pages, articles and policies are read again every night, and whenever you press “Sync now”.</s-paragraph>
</s-section>
<s-section heading="What is left out">
<s-unordered-list>
<s-list-item>Drafts, archived products, and whatever is not published in the online store: answers quote only what every visitor can open.</s-list-item>
<s-list-item>Pages and articles that are hidden or not yet published.</s-list-item>
<s-list-item>Documents without any text, or with more than two million characters${rejected(sync, words)}.</s-list-item>
<s-list-item>Prices and stock are not in the text: they are looked up at the moment of the answer.</s-list-item>
</s-unordered-list>
</s-section>
</s-page>`;
}

const running = (sync: SyncState | null, words: Words): Html => html`<div data-poll="5">
<s-stack direction="inline" gap="small" alignItems="center">
<s-spinner accessibilityLabel="Reading the shop"></s-spinner>
<s-text>${sync === null ? 'The first sync is about to begin.' : `Reading the shop since ${words.moment(sync.startedAt)}: ${words.count(sync.documents, 'document')} so far.`}</s-text>
</s-stack>
${sync?.fault && html`<s-paragraph tone="caution">${faultInWords(sync.fault)} Confab is trying again.</s-paragraph>`}
</div>`;

function finished(sync: SyncState, lastSyncedAt: string | null, words: Words): string {
  const at = sync.finishedAt ?? lastSyncedAt;
  const changes = lastSyncedAt === null ? '' : ` The newest change came in on ${words.moment(lastSyncedAt)}.`;
  const ended = sync.state === 'failed' ? 'The last sync stopped' : 'The whole shop was last read';
  return at === null ? 'The shop was not read yet.' : `${ended} on ${words.moment(at)}.${changes}`;
}

const rejected = (sync: SyncState | null, words: Words): string =>
  sync && sync.rejected > 0 ? `: ${words.number(sync.rejected)} at the last sync` : '';

const NOTHING = emptyState(
  'Nothing to answer from yet',
  'Publish a product, a page or a policy in the online store, and press “Sync now”.',
);

const listed = (documents: DocumentPage, words: Words): Html => html`<s-section heading="Documents" padding="none">
${table(
  'Documents',
  ['Title', 'Kind', 'Language', 'Changed in the shop', 'Read'],
  documents.items.map(({ externalId, url, title, locale, updatedAt, syncedAt }) => [
    webLink(url, title),
    KINDS[kindOf(externalId)]?.[0] ?? 'Document',
    locale === null ? '–' : languageName(locale),
    words.day(updatedAt),
    words.moment(syncedAt),
  ]),
)}
</s-section>`;

/** `gid://shopify/Product/1` → `Product` */
const kindOf = (externalId: string): string => /^gid:\/\/shopify\/([A-Za-z]+)\//.exec(externalId)?.[1] ?? '';
