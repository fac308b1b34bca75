import type { SessionState } from '../session.ts';
import { button, element, icon, setText } from './element.ts';

type Texts = SessionState['texts'];

/** Something that takes the place of the chat for a while: the visitor's data, a receipt, a question. */
export interface Page {
  element: HTMLElement;
  focus(): void;
  rename(title: string): void;
  /** Gives back what the page holds on to. */
  leave(): void;
}

/** Any page: a way back, a heading that takes the focus, and its content. */
export function framed(texts: Texts, title: string, back: () => void, ...content: Node[]): Page {
  const heading = element('h3', { id: 'page-title', tabindex: '-1' }, title);
  const backButton = button('back', back, icon('m14 6-6 6 6 6'), texts.back);
  const view = element('section', { class: 'page', 'aria-labelledby': 'page-title' }, backButton, heading, ...content);
  return { element: view, focus: () => heading.focus(), rename: name => setText(heading, name), leave() {} };
}

interface ComingParts {
  title: string;
  /** What it shows, once that is there. */
  fetch(): Promise<Node[]>;
  /** What to say when it does not come. */
  failed: string;
}

/** A page whose content is fetched: it says so meanwhile, and offers another try where nothing came. */
export function comingPage(texts: Texts, { title, fetch, failed }: ComingParts, back: () => void): Page {
  const content = element('div', { class: 'document' });
  const page = framed(texts, title, back, content);

  async function load() {
    content.setAttribute('aria-busy', 'true');
    content.replaceChildren(element('p', { role: 'status' }, texts.working));
    try {
      content.replaceChildren(...(await fetch()));
    } catch {
      const again = () => {
        page.focus(); // the button that has it goes
        load();
      };
      const problem = element('p', { role: 'alert', class: 'problem' }, failed);
      content.replaceChildren(problem, button('button', again, texts.retry));
    }
    content.setAttribute('aria-busy', 'false');
  }

  load();
  return page;
}
