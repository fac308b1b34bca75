import type { Citation } from '@confab/contract';
import { type MarkdownElement, type MarkdownNode, parseMarkdown } from '../markdown.ts';
import { element } from './element.ts';

/** The id of the hidden words "opens in a new tab", which every link out of the panel refers to. */
export const NEW_TAB_ID = 'new-tab';

/**
 * A link out of the panel. It opens in a new tab, so that a chat which lives in this page's memory only is not lost, and
 * the page it opens can neither reach nor learn about this one.
 */
export function outwardLink(href: string, ...children: (Node | string)[]): HTMLAnchorElement {
  const rel = 'noopener noreferrer nofollow';
  return element('a', { href, target: '_blank', rel, 'aria-describedby': NEW_TAB_ID }, ...children);
}

/**
 * An answer that grows. Only blocks that have changed since the last update are built again, so while an answer streams
 * the finished paragraphs stay as they are: a selection in them survives, and a long answer costs no more than a short one.
 */
export function createMarkdownView(className: string) {
  const view = element('div', { class: className, dir: 'auto' });
  let shown: string[] = [];
  return {
    element: view,
    update(text: string, citations: readonly Citation[]) {
      const blocks = parseMarkdown(text, citations);
      const keys = blocks.map(block => JSON.stringify(block));
      const same = keys.findIndex((key, i) => key !== shown[i]);
      const from = same < 0 ? keys.length : same;
      while (view.childNodes.length > from) view.lastChild?.remove();
      view.append(...blocks.slice(from).map(build));
      shown = keys;
    },
  };
}

function build(node: MarkdownNode): Node {
  if (typeof node === 'string') return document.createTextNode(node);
  const children = node.children.map(build);
  if (node.tag === 'a') return buildLink(node, children);
  const built = element(node.tag, {}, ...children);
  if (node.start !== undefined) built.setAttribute('start', String(node.start));
  // A long line scrolls inside its block, also by keyboard.
  if (node.tag === 'pre') built.tabIndex = 0;
  return built;
}

function buildLink({ href = '', title }: MarkdownElement, children: Node[]): HTMLAnchorElement {
  const link = outwardLink(href, ...children);
  if (title !== undefined) link.setAttribute('aria-label', `${link.textContent}: ${title}`);
  return link;
}
