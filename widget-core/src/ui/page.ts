import type { SessionState } from '../session.ts';
import { button, element, icon } from './element.ts';

type Texts = SessionState['texts'];

/** Something that takes the place of the chat for a while: the visitor's data, a receipt, a question. */
export interface Page {
  element: HTMLElement;
  focus(): void;
  /** Gives back what the page holds on to. */
  leave(): void;
}

/** What a page shows, and offers as files. */
export interface PageDocument {
  shown: Node[];
  files: { label: string; name: string; content: Blob }[];
}

interface DocumentParts {
  title: string;
  fetch(): Promise<PageDocument | undefined>;
  /** What to say when there is nothing. */
  none: string;
}

/** A page that fetches a document, shows it in a readable form, and offers it as files. */
export function documentPage(texts: Texts, { title, fetch, none }: DocumentParts, back: () => void): Page {
  const content = element('div', { class: 'document' });
  const page = framed(texts, title, back, content);
  let fileUrls: string[] = [];
  let isLeft = false;

  async function load() {
    content.setAttribute('aria-busy', 'true');
    content.replaceChildren(element('p', { role: 'status' }, texts.working));
    try {
      const { shown, files } = (await fetch()) ?? { shown: [], files: [] };
      if (isLeft) return;
      fileUrls = files.map(({ content: file }) => URL.createObjectURL(file));
      const links = files.map(({ label, name }, i) =>
        element('a', { class: 'button', href: fileUrls[i] ?? '', download: name }, label),
      );
      const held = shown.length > 0 ? shown : [element('p', {}, none)];
      content.replaceChildren(...(links.length > 0 ? [element('div', { class: 'choice' }, ...links)] : []), ...held);
    } catch {
      const problem = element('p', { role: 'alert', class: 'problem' }, texts.dataFailed);
      content.replaceChildren(problem, button('button', load, texts.retry));
    }
    content.setAttribute('aria-busy', 'false');
  }

  load();
  return {
    ...page,
    leave() {
      isLeft = true;
      fileUrls.forEach(URL.revokeObjectURL);
    },
  };
}

/** Any page: a way back, a heading that takes the focus, and its content. */
export function framed(texts: Texts, title: string, back: () => void, ...content: Node[]): Page {
  const heading = element('h3', { id: 'page-title', tabindex: '-1' }, title);
  const backButton = button('back', back, icon('m14 6-6 6 6 6'), texts.back);
  const view = element('section', { class: 'page', 'aria-labelledby': 'page-title' }, backButton, heading, ...content);
  return { element: view, focus: () => heading.focus(), leave() {} };
}
