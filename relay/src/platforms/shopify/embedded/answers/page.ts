import type { Entry, EntryPage, OwnedConversation, UnansweredPage } from '@confab/contract';
import { type Html, html } from '../html.ts';
import { ROOT } from '../page.ts';
import { pager, shortened, webLink, written } from '../parts.ts';
import type { Words } from '../words.ts';

const KNOWLEDGE = `${ROOT}/knowledge`;
const ANSWERS = `${KNOWLEDGE}/answers`;
/** What the contract allows a question of the owner's to have. */
const QUESTION_MAX = 500;
/** As much of a text as a list shows; the whole stands where its entry leads. */
const SHOWN_MAX = 300;

/** A list, and where in it the page begins. */
type Listed<Page> = Page & { cursor: string | undefined };

/** What visitors asked and were not told; each can be answered, or taken off the list. */
export function questionsSection({ items, nextCursor, cursor }: Listed<UnansweredPage>, words: Words): Html {
  return html`<div id="questions"><s-section heading="Questions without an answer">
<s-stack gap="base">
<s-paragraph color="subdued">What visitors asked and your pages do not tell; of visitors only who agreed that their chat is stored. What you write here is known a moment later.</s-paragraph>
${items.length === 0 && cursor === undefined && html`<s-paragraph>There is none: everything that was asked so far found its answer.</s-paragraph>`}
${
  items.length > 0 &&
  cards(
    'Questions without an answer',
    items.map(({ question, createdAt, messageId, conversationId }) => [
      html`<s-link href="${ROOT}/conversations/${conversationId}"><s-text dir="auto">${shortened(question, SHOWN_MAX)}</s-text></s-link>`,
      html`<s-text color="subdued">Asked ${words.moment(createdAt)}</s-text>`,
      html`<s-stack direction="inline" gap="small"><s-button href="${KNOWLEDGE}/questions/${conversationId}/${messageId}" accessibilityLabel="${named('Write an answer', question)}">Write an answer</s-button><s-button variant="tertiary" data-post="${KNOWLEDGE}/questions/${messageId}/handled" accessibilityLabel="${named('Take off the list', question)}">Take off the list</s-button></s-stack>`,
    ]),
  )
}
${pagerOf('questions', nextCursor, cursor)}
</s-stack>
</s-section></div>`;
}

/** What the owner wrote for the knowledge, to be changed and removed, and where another is written. */
export function answersSection({ items, nextCursor, cursor }: Listed<EntryPage>): Html {
  return html`<div id="answers"><s-section heading="Your own answers">
<s-button slot="secondary-actions" href="${ANSWERS}/new">Write an answer</s-button>
<s-stack gap="base">
<s-paragraph color="subdued">What the assistant shall know beside your pages, as questions and answers.</s-paragraph>
${items.length === 0 && cursor === undefined && html`<s-paragraph>You have written none yet.</s-paragraph>`}
${
  items.length > 0 &&
  cards(
    'Your own answers',
    items.map(({ entryId, question, answer, links: [link] }) => [
      html`<s-text type="strong" dir="auto">${question}</s-text>`,
      written(shortened(answer, SHOWN_MAX)),
      link ? webLink(link.url, shortened(link.url, 60)) : html``,
      html`<s-stack direction="inline" gap="small"><s-button href="${ANSWERS}/${entryId}" accessibilityLabel="${named('Change', question)}">Change</s-button><s-button variant="tertiary" tone="critical" data-post="${ANSWERS}/${entryId}/removed" accessibilityLabel="${named('Remove', question)}">Remove</s-button></s-stack>`,
    ]),
  )
}
${pagerOf('answers', nextCursor, cursor)}
</s-stack>
</s-section></div>`;
}

/** Things below each other, each with what can be done to it: such texts are too long for the columns of a table. */
const cards = (name: string, items: readonly (readonly Html[])[]): Html => html`<div role="list" aria-label="${name}">
<s-stack gap="base">${items.map(
  parts => html`<div role="listitem"><s-box padding="base" border="base" borderRadius="base"><s-stack gap="small">${parts}</s-stack></s-box></div>
`,
)}</s-stack>
</div>`;

const named = (what: string, question: string): string => `${what}: ${shortened(question, 100)}`;

const pagerOf = (list: string, nextCursor: string | null, cursor: string | undefined): Html =>
  pager({
    newest: cursor === undefined ? null : `${KNOWLEDGE}#${list}`,
    older: nextCursor && `${KNOWLEDGE}?${list}=${encodeURIComponent(nextCursor)}#${list}`,
  });

/** What an answer begins as in its form; `messageId`: of the answer that it puts right. */
export type Draft = { question: string; answer: string; link: string; messageId?: string };

export const BLANK: Draft = { question: '', answer: '', link: '' };

export const draftOf = ({ question, answer, links: [link] }: Pick<Entry, 'question' | 'answer' | 'links'>): Draft => ({
  question,
  answer,
  link: link?.url ?? '',
});

/**
 * An answer of the assistant and its question, to be put right: without the numbers of its sources and the marks of its
 * quotes. One that left its question open has nothing to keep. Nothing where the conversation has no such answer.
 */
export function correctionOf({ messages }: OwnedConversation, messageId: string): Draft | undefined {
  const place = messages.findIndex(({ id, role }) => id === messageId && role === 'assistant');
  const message = messages[place];
  if (!message) return undefined;
  const question = messages.slice(0, place).findLast(({ role }) => role === 'visitor')?.text ?? '';
  const { text, outcome, citations } = message;
  const answer = text.replace(/ ?\[\d{1,2}\]/g, '').replace(/^> /gm, '');
  return {
    question: shortened(question, QUESTION_MAX, ''),
    answer: outcome === 'unanswered' ? '' : answer,
    link: (outcome !== 'unanswered' && citations[0]?.url) || '',
    messageId,
  };
}

/** Where the form of an answer stands: `back` is where one came from, and goes to once it is saved. */
export type Place = { back: { href: string; name: string }; entryId?: string };

export const IN_KNOWLEDGE: Place['back'] = { href: KNOWLEDGE, name: 'Knowledge' };

/** Where one of the owner's own answers is written. What was typed stays until it is saved or given up. */
export function answerPage({ question, answer, link, messageId }: Draft, { back, entryId }: Place): Html {
  return html`<s-page heading="${entryId === undefined ? 'Write an answer' : 'Change this answer'}">
<s-link slot="breadcrumb-actions" href="${back.href}">${back.name}</s-link>
<s-section accessibilityLabel="The answer">
<form data-action="${entryId === undefined ? ANSWERS : `${ANSWERS}/${entryId}`}" data-to="${back.href}" data-guard>
${messageId !== undefined && html`<input type="hidden" name="messageId" value="${messageId}">`}
<s-stack gap="base">
<s-text-field name="question" label="Question" details="As visitors would ask it. Take out names, addresses and order numbers: it is kept until you remove it." value="${question}" maxLength="${QUESTION_MAX}" autocomplete="off" required></s-text-field>
<s-text-area name="answer" label="Answer" details="The assistant answers from this as it does from your pages." value="${answer}" maxLength="8000" rows="8" autocomplete="off" required></s-text-area>
<s-url-field name="link" label="Page to read more" details="The address of a page that the answer links to. May stay empty." value="${link}" maxLength="2048" autocomplete="off"></s-url-field>
<s-stack direction="inline" gap="small"><s-button type="submit" variant="primary">Save answer</s-button><s-button href="${back.href}">Cancel</s-button></s-stack>
</s-stack>
</form>
</s-section>
</s-page>`;
}
