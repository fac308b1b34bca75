import type { SessionState } from '../session.ts';
import { element, icon } from './element.ts';
import { readable } from './readable.ts';

type Texts = SessionState['texts'];

/** Something that takes the place of the chat for a while: the visitor's data, a receipt, a question. */
export interface Page {
  element: HTMLElement;
  focus(): void;
  /** Gives back what the page holds on to. */
  leave(): void;
}

interface DocumentParts {
  title: string;
  fetch(): Promise<unknown>;
  /** What to say when there is nothing. */
  none: string;
  download: string;
  fileName: string;
}

/** A page that fetches a document, shows it in a readable form, and offers it as a file. */
export function documentPage(
  texts: Texts,
  { title, fetch, none, download, fileName }: DocumentParts,
  back: () => void,
): Page {
  const content = element('div', { class: 'document' });
  const page = framed(texts, title, back, content);
  let fileUrl = '';

  async function load() {
    content.setAttribute('aria-busy', 'true');
    content.replaceChildren(element('p', { role: 'status' }, texts.working));
    try {
      const data = await fetch();
      if (data === undefined || data === null) content.replaceChildren(element('p', {}, none));
      else {
        fileUrl = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' }));
        const link = element('a', { class: 'button', href: fileUrl, download: fileName }, download);
        content.replaceChildren(link, readable(data));
      }
    } catch {
      const again = element('button', { type: 'button', class: 'button' }, texts.retry);
      again.addEventListener('click', load);
      content.replaceChildren(element('p', { role: 'alert', class: 'problem' }, texts.dataFailed), again);
    }
    content.setAttribute('aria-busy', 'false');
  }

  load();
  return { ...page, leave: () => URL.revokeObjectURL(fileUrl) };
}

/** A page that asks before something is done for good. It stays, with the reason, when that fails. */
export function confirmPage(texts: Texts, confirm: () => Promise<boolean>, back: () => void): Page {
  const problem = element('p', { role: 'alert', class: 'problem' });
  const yes = element('button', { type: 'button', class: 'button' }, texts.withdrawConfirmed);
  const no = element('button', { type: 'button', class: 'button' }, texts.cancel);
  const page = framed(texts, texts.withdrawConfirm, back, problem, element('div', { class: 'choice' }, yes, no));
  let isBusy = false;
  no.addEventListener('click', back);
  yes.addEventListener('click', async () => {
    if (isBusy) return;
    isBusy = true;
    problem.textContent = '';
    yes.textContent = texts.working;
    if (await confirm()) return back();
    isBusy = false;
    problem.textContent = texts.withdrawFailed;
    yes.textContent = texts.retry;
  });
  return page;
}

function framed(texts: Texts, title: string, back: () => void, ...content: Node[]): Page {
  const heading = element('h3', { id: 'page-title', tabindex: '-1' }, title);
  const backButton = element('button', { type: 'button', class: 'back' }, icon('m14 6-6 6 6 6'), texts.back);
  backButton.addEventListener('click', back);
  const view = element('section', { class: 'page', 'aria-labelledby': 'page-title' }, backButton, heading, ...content);
  return { element: view, focus: () => heading.focus(), leave() {} };
}
