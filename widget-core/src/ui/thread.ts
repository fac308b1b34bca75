import { closedLine } from '../closed-line.ts';
import type { Offer, Session, SessionState, ShownMessage } from '../session.ts';
import { webAddress } from '../web-address.ts';
import { button, element, setText } from './element.ts';
import { createMarkdownView, outwardLink } from './markdown-view.ts';
import { productCard } from './product.ts';

type Texts = SessionState['texts'];

/** How near to its end a scrolled thread still counts as being at the end, in pixels. */
const NEAR_END = 48;

/** Space above a question that stands at the top of the view, in pixels. */
const ABOVE = 16;

/**
 * What was said so far. It follows a growing answer while the visitor is looking at its end, until the question has
 * reached the top: a long answer is read from its beginning. What happens in a card is told by `say`, and an answer's
 * offer is accepted by `takeUp`.
 */
export function createThread(
  { retry }: Session,
  say: (text: string) => void,
  takeUp: (offer?: Offer, question?: string) => void,
) {
  const greeting = element('p', { class: 'greeting' });
  const disclosure = element('p', { class: 'disclosure' });
  const hours = element('p', { class: 'note' });
  const callBack = button('button small', () => takeUp('callback'));
  const list = element('ol');
  const restriction = element('p', { class: 'note' });
  const note = element('p', { class: 'note' });
  const agent = element('p', { class: 'note' });
  // The live region elsewhere speaks of finished answers; a log that speaks by itself would read out every piece.
  const log = { class: 'thread', role: 'log', 'aria-live': 'off', tabindex: '0' };
  const view = element(
    'div',
    log,
    element('div', { class: 'intro' }, greeting, hours, callBack, disclosure),
    list,
    restriction,
    agent,
    note,
  );
  const rows = new Map<number, Row>();
  let newest = -1;

  return {
    element: view,
    update(state: SessionState) {
      const { phase, config, texts, messages, retryable, restricted, note: noted } = state;
      const wasAtEnd = view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_END;
      view.setAttribute('aria-label', texts.title);
      setText(greeting, texts.greeting);
      setText(disclosure, config?.disclosure ?? texts.disclosure);
      const closed = closedLine(config, texts);
      setText(hours, closed);
      setText(callBack, closed && offerIn({ offer: 'callback' }, state));
      setText(restriction, restricted ? texts.restricted : '');
      setText(agent, agentLine(state));
      setText(note, phase === 'ready' && noted ? texts[noted] : '');

      const keys = new Set(messages.map(({ key }) => key));
      for (const [key, row] of rows) {
        if (keys.has(key)) continue;
        row.element.remove();
        rows.delete(key);
      }
      for (const message of messages) {
        let row = rows.get(message.key);
        if (!row) {
          const question = messages.findLast(({ role, key }) => role === 'visitor' && key < message.key)?.text;
          const accept = (offer?: Offer) => takeUp(offer, question);
          row = message.role === 'visitor' ? visitorRow(message) : answerRow(message, retry, say, accept);
          rows.set(message.key, row);
          list.append(row.element);
        }
        row.update(message, state, retryable && message === messages.at(-1));
      }
      const last = messages.at(-1)?.key ?? -1;
      if (wasAtEnd || last > newest) follow(messages.findLast(({ role }) => role === 'visitor')?.key);
      newest = last;
    },
  };

  function follow(question: number | undefined) {
    const row = question === undefined ? undefined : rows.get(question)?.element;
    const above = row ? row.getBoundingClientRect().top - view.getBoundingClientRect().top - ABOVE : Infinity;
    view.scrollTop = Math.min(view.scrollHeight, view.scrollTop + above);
  }
}

interface Row {
  element: HTMLElement;
  update(message: ShownMessage, state: SessionState, offersRetry: boolean): void;
}

function visitorRow({ text }: ShownMessage): Row {
  const author = element('span', { class: 'unseen' });
  const row = element('li', { class: 'visitor' }, author, element('p', { class: 'bubble', dir: 'auto' }, text));
  return {
    element: row,
    update({ status }, { texts }) {
      row.classList.toggle('unsent', status === 'failed');
      setText(author, `${texts.you}: `);
    },
  };
}

function answerRow(
  { role, said }: ShownMessage,
  retry: () => void,
  say: (text: string) => void,
  takeUp: (offer?: Offer) => void,
): Row {
  const author = element('span', { class: said ? 'said' : 'unseen', dir: 'auto' });
  const answer = createMarkdownView('bubble prose');
  const dots = element('span', { class: 'dots', 'aria-hidden': 'true' }, element('i'), element('i'), element('i'));
  const sources = element('div', { class: 'sources' });
  let offered: Offer | undefined;
  const offer = button('button small', () => takeUp(offered));
  const products = element('ul', { class: 'products' });
  const problem = element('span');
  const again = button('button small', retry);
  const trouble = element('p', { class: 'problem' }, problem, again);
  const row = element('li', { class: role }, author, dots, answer.element, products, sources, trouble, offer);
  let shownSources: unknown;
  let shownProducts: unknown;

  return {
    element: row,
    update(message, state, offersRetry) {
      const { config, texts, waiting } = state;
      const isStreaming = message.status === 'streaming';
      setText(
        author,
        said ? `${said.author || texts.agent} · ${timeOf(said.at, config?.locale)}` : `${texts.assistant}: `,
      );
      dots.hidden = !isStreaming || message.text !== '';
      answer.element.hidden = message.text === '';
      answer.element.setAttribute('aria-busy', String(isStreaming));
      answer.update(message.text, message.citations);
      if (shownSources !== message.citations) sources.replaceChildren(...sourceList(message, texts));
      shownSources = message.citations;
      // A finished answer first: pictures and buttons that come while it is read would push it about.
      const cards = isStreaming ? undefined : message.products;
      if (shownProducts !== cards) {
        products.setAttribute('aria-label', texts.products);
        products.replaceChildren(...(cards ?? []).flatMap(card => productCard(card, texts, config?.locale, say)));
      }
      shownProducts = cards;
      offered = message.offer;
      setText(offer, isStreaming ? '' : offerIn(message, state));
      trouble.hidden = !message.problem;
      setText(problem, message.problem ? texts[message.problem] : '');
      setText(again, texts.retry);
      again.hidden = !offersRetry;
      again.disabled = waiting;
    },
  };
}

/** What the visitor is offered, in words; nothing where that is nothing, or where the shop has no such form. */
export function offerIn({ offer }: Pick<ShownMessage, 'offer'>, { config, texts }: SessionState): string {
  const { leads, callback } = config?.features ?? {};
  if (!offer || !(leads || callback)) return '';
  return texts[callback && (offer === 'callback' || !leads) ? 'callback' : 'leaveDetails'];
}

/** Each source with the number that the answer's text refers to it by; one without an address is no link. */
function sourceList({ citations }: ShownMessage, texts: Texts): Node[] {
  const items = citations.map(({ index, title, url }) => {
    const href = webAddress(url);
    const named = element('span', { dir: 'auto' }, title || (href ? new URL(href).hostname : ''));
    const parts = [element('b', {}, String(index)), named];
    return element('li', {}, ...(href ? [outwardLink(href, ...parts)] : parts));
  });
  return items.length > 0 ? [element('p', {}, texts.sources), element('ul', {}, ...items)] : [];
}

/** Who of the team has the chat, and what they are doing; nothing while the assistant answers. */
export function agentLine({ agent, agentWrites, agentAway, texts }: SessionState): string {
  const line = agentWrites ? 'agentWrites' : agentAway ? 'agentIsAway' : 'agentIsHere';
  return agent ? texts[line].replace('{name}', () => agent) : '';
}

const timeOf = (at: string, locale: string | undefined) =>
  new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(new Date(at));
