import { parseHTML } from 'linkedom';

/** As much of the DOM as is used here: the relay is compiled without a browser's types. */
export interface DomNode {
  readonly nodeType: number;
  readonly parentNode: DomNode | null;
  readonly firstChild: DomNode | null;
  readonly nextSibling: DomNode | null;
  textContent: string | null;
}

export interface DomElement extends DomNode {
  readonly localName: string;
  readonly attributes: Iterable<{ name: string; value: string }>;
  readonly childNodes: Iterable<DomNode>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  closest(selector: string): DomElement | null;
  querySelector(selector: string): DomElement | null;
  querySelectorAll(selector: string): Iterable<DomElement> & { readonly length: number };
  replaceWith(...nodes: (DomNode | string)[]): void;
  append(...nodes: (DomNode | string)[]): void;
  remove(): void;
}

export interface DomDocument extends DomElement {
  readonly documentElement: DomElement;
  readonly body: DomElement;
  createElement(name: string): DomElement;
  getElementById(id: string): DomElement | null;
}

export const ELEMENT = 1;
export const TEXT = 3;
export const CDATA = 4;

/** The page as a tree. Nothing is fetched and nothing runs. A page without `<html>` and `<body>` is given both. */
export function parsePage(html: string): DomDocument {
  const parsed = parse(html);
  const isWhole = parsed.documentElement?.localName === 'html' && parsed.querySelector('body');
  const page = isWhole ? parsed : parse(`<!doctype html><html><head></head><body>${html}</body></html>`);
  // What stands behind the end of the page belongs to it, as browsers have it.
  const all = [...page.childNodes];
  page.body.append(...all.slice(all.indexOf(page.documentElement) + 1));
  return page;
}

const parse = (html: string) => (parseHTML(html) as unknown as { document: DomDocument }).document;

/** An attribute's value. linkedom leaves the case of names as it is in the page. */
export function attributeOf(element: DomElement, name: string): string | null {
  const value = element.getAttribute(name);
  if (value !== null) return value;
  for (const attribute of element.attributes) if (attribute.name.toLowerCase() === name) return attribute.value;
  return null;
}

/** Text on one line, with nothing in it that a database or a reader cannot hold, and not longer than it may be. */
export function tidy(text: string | null | undefined, max: number): string {
  return storable(text ?? '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, max)
    .toWellFormed();
}

/** Without NUL and without half characters. */
export const storable = (text: string): string => text.replaceAll('\u0000', '').toWellFormed();
