import type { ConversationPage, KeptPassage, OwnedConversation } from '@confab/contract';
import { type Html, html } from './html.ts';
import { ROOT } from './page.ts';
import { emptyState, facts, pager, table, webLink, written } from './parts.ts';
import { languageName } from './settings/choices.ts';
import type { Words } from './words.ts';

const PATH = `${ROOT}/conversations`;

/** The stored conversations, newest first; `cursor` where this is not the beginning of the list. */
export function conversationsPage(list: ConversationPage, cursor: string | undefined, words: Words): Html {
  const { items, nextCursor } = list;
  return html`<s-page heading="Conversations">
${items.length === 0 && cursor === undefined ? NONE : listed(items, words)}
${pager({
  newest: cursor === undefined ? null : PATH,
  older: nextCursor && `${PATH}?cursor=${encodeURIComponent(nextCursor)}`,
})}
</s-page>`;
}

const NONE = emptyState(
  'No conversations yet',
  'Here stands every chat whose visitor agreed to it being kept. Chats of visitors who said no are answered, counted and never stored.',
  html`<s-button slot="primary-action" href="${ROOT}">To the set-up guide</s-button>`,
);

const listed = (items: ConversationPage['items'], words: Words): Html => html`<s-section padding="none">
${table(
  'Conversations',
  ['Begun', 'Messages', 'Page', 'Language', 'Last message'],
  items.map(({ id, createdAt, messages, pageUrl, locale, lastMessageAt, restricted }) => [
    html`<s-link href="${PATH}/${id}">${words.moment(createdAt)}</s-link>`,
    words.number(messages),
    restricted
      ? html`<s-badge tone="warning">Restricted</s-badge>`
      : html`<s-text dir="auto">${pathOf(pageUrl)}</s-text>`,
    locale === null ? '–' : languageName(locale),
    lastMessageAt === null ? '–' : words.moment(lastMessageAt),
  ]),
)}
</s-section>`;

/** A page of the shop by its path, which is what tells them apart. */
function pathOf(pageUrl: string | null): string {
  return pageUrl && URL.canParse(pageUrl) ? decoded(new URL(pageUrl).pathname) : '–';
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** One conversation, as far as it is told: of one that is restricted, only that it is there. */
export function conversationPage(conversation: OwnedConversation, words: Words): Html {
  const { id, createdAt, restricted, locale, pageUrl, prechat, messages } = conversation;
  const begun = words.moment(createdAt);
  return html`<s-page heading="Conversation of ${begun}">
<s-link slot="breadcrumb-actions" href="${PATH}">Conversations</s-link>
${restricted ? RESTRICTED : html`<s-section heading="Messages"><s-stack gap="base">${messages.map(each => message(each, `${PATH}/${id}`, words))}</s-stack></s-section>`}
<s-section slot="aside" heading="About it">
${facts([
  ['Begun', begun],
  ['Page', pageUrl ? webLink(pageUrl, pathOf(pageUrl)) : null],
  ['Language', locale && languageName(locale)],
  ...Object.entries(prechat ?? {}).map(([name, answer]) => [name, answer] as const),
])}
</s-section>
</s-page>`;
}

const RESTRICTED = emptyState(
  'This conversation is restricted',
  'Its visitor asked that it is kept and not used. Until they lift that, nobody reads it, and no answer draws on it.',
);

type Message = OwnedConversation['messages'][number];

const WRITERS = { visitor: 'Visitor', assistant: 'Confab', agent: 'Your team' } as const;

function message(shown: Message, conversation: string, words: Words): Html {
  const { id, role, author, text, citations, products = [], passages = [], outcome, status, createdAt } = shown;
  return html`<s-box padding="base" borderRadius="base" background="${role === 'visitor' ? 'base' : 'subdued'}" border="base">
<s-stack gap="small">
<s-stack direction="inline" gap="small"><s-text type="strong">${author ?? WRITERS[role]}</s-text><s-text color="subdued">${words.moment(createdAt)}</s-text>${statusBadge(status)}</s-stack>
${written(text)}
${outcome === 'unanswered' && html`<s-text color="subdued">Your pages did not hold the answer.</s-text>`}
${
  products.length > 0 &&
  html`<s-unordered-list>${products.map(
    ({ title, url, price, available }) =>
      html`<s-list-item>${webLink(url, title)} <s-text>${price}${available ? '' : ', sold out'}</s-text></s-list-item>`,
  )}</s-unordered-list>`
}
${
  citations.length > 0 &&
  html`<s-stack gap="none"><s-text color="subdued">Rests on</s-text>
<s-ordered-list>${citations.map(({ title, url }) => html`<s-list-item>${webLink(url, title)}</s-list-item>`)}</s-ordered-list></s-stack>`
}
${passages.length > 0 && why(passages)}
${role === 'assistant' && status !== 'streaming' && html`<s-link href="${conversation}/answers/${id}">Put this answer right</s-link>`}
</s-stack>
</s-box>`;
}

/** What an answer rests on, as it stood in the pages then. */
const why = (passages: KeptPassage[]): Html => html`<details>
<summary><s-text>Why did it say that?</s-text></summary>
<s-stack gap="small">${passages.map(
  ({ index, title, heading, text }) => html`<s-box padding="small" background="base" borderRadius="base" border="base">
<s-stack gap="small-200"><s-text type="strong" dir="auto">[${index}] ${heading !== '' && !title.includes(heading) ? `${title} – ${heading}` : title}</s-text>
${written(text)}</s-stack>
</s-box>`,
)}</s-stack>
</details>`;

function statusBadge(status: Message['status']): Html | false {
  if (status === 'completed') return false;
  if (status === 'streaming') return html`<s-badge tone="info">Being written</s-badge>`;
  return status === 'interrupted'
    ? html`<s-badge tone="warning">Ended early: the visitor left</s-badge>`
    : html`<s-badge tone="critical">No answer came</s-badge>`;
}
