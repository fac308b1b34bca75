import { element } from '../ui/element.ts';
import { comingPage, type Page } from '../ui/page.ts';
import type { Texts } from './texts.ts';

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
  let fileUrls: string[] = [];
  let isLeft = false;

  async function content(): Promise<Node[]> {
    const { shown, files } = (await fetch()) ?? { shown: [], files: [] };
    if (isLeft) return [];
    fileUrls = files.map(({ content: file }) => URL.createObjectURL(file));
    const links = files.map(({ label, name }, i) =>
      element('a', { class: 'button', href: fileUrls[i] ?? '', download: name }, label),
    );
    const held = shown.length > 0 ? shown : [element('p', {}, none)];
    return [...(links.length > 0 ? [element('div', { class: 'choice' }, ...links)] : []), ...held];
  }

  return {
    ...comingPage(texts, { title, fetch: content, failed: texts.dataFailed }, back),
    leave() {
      isLeft = true;
      fileUrls.forEach(URL.revokeObjectURL);
    },
  };
}
