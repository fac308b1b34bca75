import { locale } from '@confab/contract';
import { Readability } from '@mozilla/readability';
import { attributeOf, type DomDocument, type DomElement, type DomNode, ELEMENT, parsePage, tidy } from './dom.ts';
import { ExtractError, type Extracted } from './extract.ts';
import { dateOf, readStructuredData } from './structured-data.ts';
import { writeHtml } from './write-html.ts';

/** The longest main content that is handed on; what is longer is no page to answer from. */
export const CONTENT_MAX = 2_000_000;
const TITLE_MAX = 500;
const LINKS_MAX = 5_000;
const ALTERNATES_MAX = 200;
const URL_MAX = 2_048;

/** Readability's work grows faster than the page, and with its depth by far: what is larger is read by its landmarks. */
const ELEMENTS_MAX = 15_000;
const DEPTH_MAX = 250;
/** So few characters of main content are none. */
const CONTENT_MIN = 25;
/** Readability takes less for a failure and tries again with comments and sidebars; pages of shops are short. */
const ARTICLE_MIN = 100;

/** What covers or frames every page of a site and is nobody's main content, however much it says. */
const FRAME = `body > header, body > footer, nav, script, style, noscript, template, svg, iframe, dialog, [role="dialog"], [role="alertdialog"],
  [aria-modal="true"], #onetrust-consent-sdk, #CybotCookiebotDialog, #usercentrics-root, #cookie-notice, #cookie-law-info-bar,
  .cmplz-cookiebanner, .cky-consent-container, .cc-window, .skip-link, .related.products, .upsells, .cross-sells,
  product-recommendations, #comments, #respond,
  .comments-area, .wp-block-comments`;

/** Reads a page: what it says, and what it tells crawlers and machines about itself. Throws `ExtractError`. */
export function readHtml(html: string, url: string): Extracted {
  const document = parsePage(html);
  const head = readHead(document, url);
  const title = titleOf(document);
  const data = readStructuredData(document, { urls: [url, ...(head.canonical ? [head.canonical] : [])], title });
  const links = linksOf(document, head.base);
  const main = mainOf(document, html);
  const content = writeHtml(main, CONTENT_MAX + 1) + whatItLacks(main, data);
  if (content.length > CONTENT_MAX) throw new ExtractError('too_large');
  if (wordsIn(content) === '' && !data.product) throw new ExtractError('empty');
  return {
    title: data.name ?? title,
    html: content,
    text: null,
    locale: head.locale,
    canonical: head.canonical,
    noindex: head.noindex,
    nofollow: head.nofollow,
    links,
    alternates: head.alternates,
    product: data.product,
    attributes: data.attributes,
    modifiedAt: head.modifiedAt ?? data.modifiedAt,
  };
}

/** What stands in the head of a page. */
function readHead(document: DomDocument, url: string) {
  const robots = new Set<string>();
  const alternates = new Map<string, string>();
  let canonical: string | null = null;
  let modifiedAt: Date | null = null;
  const baseHref = [...document.querySelectorAll('base')].map(each => attributeOf(each, 'href')).find(Boolean);
  const base = (baseHref && webAddress(baseHref, url)) || url;
  for (const meta of document.querySelectorAll('meta')) {
    const name = (attributeOf(meta, 'name') ?? attributeOf(meta, 'property') ?? '').toLowerCase();
    const content = attributeOf(meta, 'content') ?? '';
    if (name === 'robots') for (const word of content.toLowerCase().split(/[\s,]+/)) robots.add(word);
    if (name === 'article:modified_time' || name === 'og:updated_time') modifiedAt ??= dateOf(content);
  }
  for (const link of document.querySelectorAll('link')) {
    const rel = (attributeOf(link, 'rel') ?? '').toLowerCase().split(/\s+/);
    const href = webAddress(attributeOf(link, 'href') ?? '', base);
    if (!href) continue;
    if (rel.includes('canonical')) canonical ??= href;
    const language = languageTag(attributeOf(link, 'hreflang'));
    if (rel.includes('alternate') && language && alternates.size < ALTERNATES_MAX && !alternates.has(language)) {
      alternates.set(language, href);
    }
  }
  return {
    base,
    canonical,
    modifiedAt,
    locale: languageTag(attributeOf(document.documentElement, 'lang')),
    noindex: robots.has('noindex') || robots.has('none'),
    nofollow: robots.has('nofollow') || robots.has('none'),
    alternates: [...alternates].map(([language, address]) => ({ locale: language, url: address })),
  };
}

/** `x-default` is no language. */
function languageTag(value: string | null): string | null {
  const read = locale.safeParse((value ?? '').trim().replaceAll('_', '-'));
  return read.success && !/^x-/i.test(read.data) ? read.data : null;
}

/** An absolute web address without its fragment. */
function webAddress(href: string, base: string): string | null {
  const address = URL.parse(href.trim(), base);
  if (!address || !/^https?:$/.test(address.protocol)) return null;
  address.hash = '';
  return address.href.length <= URL_MAX ? address.href : null;
}

/** Where the page leads. Links that its author says not to follow, such as those into a basket, are left out. */
function linksOf(document: DomDocument, base: string): string[] {
  const links = new Set<string>();
  for (const link of document.querySelectorAll('a, area')) {
    if (links.size >= LINKS_MAX) break;
    const href = attributeOf(link, 'href');
    if (href === null || href.startsWith('#')) continue;
    if (/\bnofollow\b/i.test(attributeOf(link, 'rel') ?? '')) continue;
    const address = webAddress(href, base);
    if (address) links.add(address);
  }
  return [...links];
}

/** What the page is called: its one first heading where its title repeats it, else its title without the site’s name. */
function titleOf(document: DomDocument): string {
  const given = tidy(document.querySelector('title')?.textContent, TITLE_MAX);
  const headings = [...document.querySelectorAll('h1')].map(each => tidy(each.textContent, TITLE_MAX)).filter(Boolean);
  const repeated = headings.find(heading => given.toLowerCase().includes(heading.toLowerCase()));
  if (repeated) return repeated;
  if (!given) return headings[0] ?? '';
  // "Returns – Shop" and "Returns | Shop", but not "Wash – and dry – by hand".
  const parts = given.split(/\s+[|–—»·-]\s+/);
  return parts.length === 2 && (parts[0] as string).length > 2 ? (parts[0] as string) : given;
}

/** Folded answers are read as if they stood open, each below its question. */
function openAccordions(document: DomDocument): void {
  for (const summary of document.querySelectorAll('summary')) rename(document, summary, 'h4');
  for (const details of document.querySelectorAll('details')) rename(document, details, 'div');
  for (const control of document.querySelectorAll('[aria-controls]')) {
    if (control.closest('nav, header, footer, form, [role="navigation"]')) continue;
    const panel = document.getElementById(attributeOf(control, 'aria-controls') ?? '');
    if (!panel || panel.closest('nav, header, footer, form')) continue;
    for (const name of ['hidden', 'aria-hidden', 'style']) panel.removeAttribute(name);
    if (control.localName === 'button' || attributeOf(control, 'role') === 'button') {
      head(document, control);
    }
  }
  // Many tell nobody which answer they open.
  for (const button of document.querySelectorAll('button, [role="button"]')) {
    const isQuestion = /[?？؟]\s*$/.test(button.textContent ?? '');
    if (isQuestion && !button.closest('nav, header, footer, form, [role="navigation"]')) head(document, button);
  }
}

/** What opens an answer is its heading. */
function head(document: DomDocument, control: DomElement): void {
  rename(document, control, control.closest('h1, h2, h3, h4, h5, h6, dt') ? 'span' : 'h4');
}

function rename(document: DomDocument, element: DomElement, name: string): void {
  const renamed = document.createElement(name);
  renamed.append(...element.childNodes);
  element.replaceWith(renamed);
}

/** The page's main content: by Readability, and where that finds none, by the page's own landmarks. */
function mainOf(document: DomDocument, html: string): DomNode[] {
  prepare(document);
  if (!isReadable(document)) return byLandmarks(document);
  const found = byReadability(document);
  if (found) return [found];
  // The tree is in pieces now.
  const again = parsePage(html);
  prepare(again);
  return byLandmarks(again);
}

function prepare(document: DomDocument): void {
  for (const element of document.querySelectorAll(FRAME)) element.remove();
  openAccordions(document);
}

/** Whether the tree is one that Readability gets through. */
function isReadable(document: DomDocument): boolean {
  let elements = 0;
  let depth = 0;
  let node: DomNode | null = document.documentElement;
  while (node) {
    if (node.nodeType === ELEMENT) elements += 1;
    if (elements > ELEMENTS_MAX || depth > DEPTH_MAX) return false;
    if (node.firstChild) {
      node = node.firstChild;
      depth += 1;
      continue;
    }
    while (node && !node.nextSibling) {
      node = node.parentNode;
      depth -= 1;
    }
    node = node?.nextSibling ?? null;
  }
  return true;
}

/** Takes the tree apart. */
function byReadability(document: DomDocument): DomElement | undefined {
  const main = mainLandmark(document);
  if (main) {
    main.remove();
    document.body.textContent = '';
    document.body.append(main);
  }
  try {
    const reader = new Readability<DomElement>(document as unknown as ConstructorParameters<typeof Readability>[0], {
      charThreshold: ARTICLE_MIN,
      disableJSONLD: true,
      serializer: (node: unknown) => node as DomElement,
    });
    const content = reader.parse()?.content;
    return content && hasWords(content, ARTICLE_MIN) ? content : undefined;
  } catch {
    // A tree that Readability did not expect.
    return undefined;
  }
}

function byLandmarks(document: DomDocument): DomNode[] {
  const main = mainLandmark(document);
  if (main) return [main];
  for (const element of document.querySelectorAll('aside')) element.remove();
  return [document.body];
}

/** What the page itself calls its main content, where it does so once. */
function mainLandmark(document: DomDocument): DomElement | undefined {
  const [main, ...others] = document.querySelectorAll('main, [role="main"]');
  return main && others.length === 0 && hasWords(main) ? main : undefined;
}

const hasWords = (element: DomElement, min = CONTENT_MIN) => tidy(element.textContent, min).length >= min;

type Told = ReturnType<typeof readStructuredData>;

/** What the page tells machines and not, or not there, its readers: answers, and what a product is. */
function whatItLacks(main: Iterable<DomNode>, { description, questions }: Told): string {
  const said = plain([...main].map(node => node.textContent ?? '').join(' '));
  const isSaid = (text: string) => said.includes(plain(text).slice(0, 80));
  const lacking: string[] = [];
  if (description) {
    const written = fragment(description);
    if (!isSaid(wordsIn(written))) lacking.push(`<p>${written}</p>`);
  }
  for (const { question, answer } of questions) {
    const written = fragment(answer);
    if (!isSaid(wordsIn(written))) lacking.push(`<h3>${fragment(question)}</h3><p>${written}</p>`);
  }
  return lacking.join('');
}

/** Markup from a machine-readable text, which may hold some itself. */
const fragment = (html: string): string => writeHtml([parsePage(`<body>${html}</body>`).body], CONTENT_MAX);

const wordsIn = (html: string): string => html.replace(/<[^>]*>/g, ' ').trim();

/** To compare by: letters and figures only. */
const plain = (text: string): string =>
  text
    .replace(/&(amp|lt|gt);/g, ' ')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
