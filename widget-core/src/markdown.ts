import type { Citation } from '@confab/contract';
import { webAddress } from './web-address.ts';

/** What an answer may look like: text, and these elements. Nothing else can come out of the parser. */
export type MarkdownNode = string | MarkdownElement;

export interface MarkdownElement {
  tag: 'p' | 'br' | 'strong' | 'em' | 'code' | 'pre' | 'ul' | 'ol' | 'li' | 'blockquote' | 'sup' | 'a';
  children: MarkdownNode[];
  /** Of a link: always http or https. */
  href?: string | undefined;
  /** Of a link that is a citation: the title of its source. */
  title?: string;
  /** Of an ordered list that does not begin at 1. */
  start?: number;
}

/** Deeper nesting than this is shown as plain text. */
const DEPTH_MAX = 6;

/**
 * The small part of Markdown that assistants write, as a plain tree; everything else, HTML above all, stays text. Time
 * is linear in the length of the text, however hostile: every line is read once per level of nesting, and inside a line
 * the search for an end never starts over (see `ahead`).
 */
export function parseMarkdown(text: string, citations: readonly Citation[] = []): MarkdownElement[] {
  return blocks(text.split(/\r\n|\n|\r/), 0, citations);
}

/** The answer as a screen reader should say it when it is complete: without marks and without citation numbers. */
export function plainText(nodes: readonly MarkdownNode[]): string {
  return nodes
    .map(node => {
      if (typeof node === 'string') return node;
      if (node.tag === 'sup') return '';
      const inside = node.tag === 'br' ? ' ' : plainText(node.children);
      return ['p', 'pre', 'li'].includes(node.tag) ? `${inside} ` : inside;
    })
    .join('');
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}#{1,6}(?=[ \t])/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,8})([-*+]|\d{1,9}[.)])(?:[ \t]|$)/;

type Inline = { citations: readonly Citation[]; depth: number; inLink: boolean };

function blocks(lines: readonly string[], depth: number, citations: readonly Citation[]): MarkdownElement[] {
  const found: MarkdownElement[] = [];
  let paragraph: string[] = [];
  const inline = (text: string) => inlines(text, { citations, depth: 0, inLink: false });
  const endParagraph = () => {
    if (paragraph.length > 0) found.push({ tag: 'p', children: inline(paragraph.join('\n')) });
    paragraph = [];
  };

  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const fence = FENCE.exec(line)?.[1];
    if (fence) {
      endParagraph();
      const start = at + 1;
      do at++;
      while (at < lines.length && !closes(lines[at] ?? '', fence));
      found.push({ tag: 'pre', children: [{ tag: 'code', children: [lines.slice(start, at).join('\n')] }] });
      at++;
      continue;
    }
    const nests = depth < DEPTH_MAX;
    if (nests && QUOTE.test(line)) {
      endParagraph();
      const start = at;
      while (at < lines.length && QUOTE.test(lines[at] ?? '')) at++;
      const inside = lines.slice(start, at).map(quoted => quoted.replace(QUOTE, ''));
      found.push({ tag: 'blockquote', children: blocks(inside, depth + 1, citations) });
      continue;
    }
    if (nests && ITEM.test(line)) {
      endParagraph();
      const list = readList(lines, at, depth, citations);
      found.push(list.element);
      at = list.end;
      continue;
    }
    const heading = HEADING.exec(line)?.[0];
    if (heading) {
      endParagraph();
      found.push({ tag: 'p', children: [{ tag: 'strong', children: inline(line.slice(heading.length).trim()) }] });
    } else if (line.trim() === '') {
      endParagraph();
    } else {
      paragraph.push(line.trim());
    }
    at++;
  }
  endParagraph();
  return found;
}

function closes(line: string, fence: string): boolean {
  const mark = line.trim();
  return mark.length >= fence.length && mark === fence.charAt(0).repeat(mark.length);
}

/** A list goes on over items of its kind, lines set in below an item, and single empty lines between these. */
function readList(lines: readonly string[], from: number, depth: number, citations: readonly Citation[]) {
  const first = itemAt(lines[from]);
  const sort = (line: string | undefined) => {
    const item = itemAt(line);
    if (indentOf(line) >= (first?.indent ?? 0) + 2) return 'inside';
    return item && item.ordered === first?.ordered ? 'item' : 'other';
  };
  const items: string[][] = [];
  let width = 0;
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const kind = sort(line);
    if (kind === 'item') {
      width = itemAt(line)?.width ?? 0;
      items.push([line.slice(width)]);
    } else if (kind === 'inside') items.at(-1)?.push(line.slice(Math.min(width, indentOf(line))));
    else if (line.trim() === '' && sort(lines[at + 1]) !== 'other') items.at(-1)?.push('');
    else break;
  }
  const children = items.map(
    (item): MarkdownElement => ({ tag: 'li', children: unwrapFirst(blocks(item, depth + 1, citations)) }),
  );
  const element: MarkdownElement = { tag: first?.ordered ? 'ol' : 'ul', children };
  if (first?.ordered && first.number !== 1) element.start = first.number;
  return { element, end: at };
}

function itemAt(line = '') {
  const [lead, indent = '', sign = ''] = ITEM.exec(line) ?? [];
  if (lead === undefined) return undefined;
  return { indent: indent.length, width: lead.length, ordered: sign.length > 1, number: Number.parseInt(sign, 10) };
}

/** How far a line is set in; -1 for an empty one, which is nowhere. */
const indentOf = (line = '') => line.search(/[^ \t]/);

/** The first paragraph of an item needs no paragraph of its own. */
function unwrapFirst(children: MarkdownElement[]): MarkdownNode[] {
  const [first, ...others] = children;
  return first?.tag === 'p' && others.every(other => other.tag !== 'p') ? [...first.children, ...others] : children;
}

function inlines(text: string, within: Inline): MarkdownNode[] {
  const found: MarkdownNode[] = [];
  let plain = '';
  const push = (node: MarkdownNode) => {
    if (plain !== '') found.push(plain);
    plain = '';
    found.push(node);
  };
  const inside = (part: string, inLink = within.inLink) =>
    inlines(part, { ...within, depth: within.depth + 1, inLink });
  const nests = within.depth < DEPTH_MAX;
  const backtick = ahead(text, '`');
  const bracket = ahead(text, ']');
  const opening = ahead(text, '[');
  const bold = ahead(text, '**', (all, at) => closesEmphasis(all, at) && all[at + 2] !== '*');
  const italic = ahead(text, '*', (all, at) => closesEmphasis(all, at) && all[at + 1] !== '*' && all[at - 1] !== '*');

  for (let at = 0; at < text.length; ) {
    const char = text[at];
    if (char === '\n') {
      push({ tag: 'br', children: [] });
      at++;
      continue;
    }
    if (char === '`') {
      const end = backtick(at + 1);
      if (end > at + 1) {
        push({ tag: 'code', children: [text.slice(at + 1, end)] });
        at = end + 1;
        continue;
      }
    }
    if (char === '*' && nests) {
      const mark = text[at + 1] === '*' ? '**' : '*';
      const start = at + mark.length;
      const end = mark === '**' ? bold(start + 1) : italic(start + 1);
      if (end > start && !isSpace(text[start])) {
        push({ tag: mark === '**' ? 'strong' : 'em', children: inside(text.slice(start, end)) });
        at = end + mark.length;
        continue;
      }
      plain += mark;
      at = start;
      continue;
    }
    if (char === '[' && !within.inLink) {
      const end = bracket(at + 1);
      const nested = opening(at + 1);
      if (end > at && !(nested > at && nested < end)) {
        const label = text.slice(at + 1, end);
        const target = text[end + 1] === '(' ? targetAt(text, end + 2) : undefined;
        const href = target && webAddress(target);
        if (target && href && label.trim() !== '' && nests) {
          push({ tag: 'a', href, children: inside(label, true) });
          at = end + 3 + target.length;
          continue;
        }
        const source = target ? undefined : citationOf(label, within.citations);
        if (source) {
          plain = plain.replace(/ $/, ''); // a raised number stands close to what it proves
          push({ tag: 'sup', children: source.href ? [{ tag: 'a', ...source, children: [label] }] : [label] });
          at = end + 1;
          continue;
        }
      }
    }
    if (char === 'h' && !within.inLink && !isWordCharacter(text[at - 1])) {
      const address = addressAt(text, at);
      if (address) {
        const href = webAddress(address);
        if (href) push({ tag: 'a', href, children: [address] });
        else plain += address;
        at += address.length;
        continue;
      }
    }
    plain += char;
    at++;
  }
  if (plain !== '') found.push(plain);
  return found;
}

/**
 * Finds the next place of a mark at or after a position. Positions only ever grow, so a place found ahead is kept until
 * it is passed, and one that is nowhere is looked for once: all searches together read the text once.
 */
function ahead(text: string, mark: string, counts: (text: string, at: number) => boolean = () => true) {
  let next = -2;
  return (from: number): number => {
    if (next === -1 || next >= from) return next;
    next = text.indexOf(mark, from);
    while (next >= 0 && !counts(text, next)) next = text.indexOf(mark, next + 1);
    return next;
  };
}

const closesEmphasis = (text: string, at: number) => !isSpace(text[at - 1]);

const isSpace = (char: string | undefined) => char === undefined || /\s/.test(char);

const isWordCharacter = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}_]/u.test(char);

/**
 * The target of a link, up to the bracket that closes it; brackets in pairs belong to it, a few at most, so that a text
 * full of beginnings of links is not read over and over.
 */
function targetAt(text: string, from: number): string | undefined {
  let open = 0;
  for (let at = from; at < text.length && at - from <= 2_048 && open < 8; at++) {
    const char = text[at];
    if (isSpace(char)) return undefined;
    if (char === '(') open++;
    if (char === ')' && open-- === 0) return text.slice(from, at);
  }
  return undefined;
}

/** A bare web address, without the punctuation of the sentence around it. */
function addressAt(text: string, from: number): string | undefined {
  if (!/^https?:\/\//.test(text.slice(from, from + 8))) return undefined;
  let end = from;
  while (end < text.length && end - from < 2_048 && !/[\s<>"`]/.test(text[end] ?? '')) end++;
  let open = 0;
  for (let at = from; at < end; at++) {
    if (text[at] === '(') open++;
    if (text[at] === ')' && open-- === 0) end = at;
  }
  while (/[.,;:!?'*\]}…]/.test(text[end - 1] ?? '')) end--;
  return text.slice(from, end);
}

function citationOf(label: string, citations: readonly Citation[]) {
  if (!/^\d{1,3}$/.test(label)) return undefined;
  const citation = citations.find(({ index }) => index === Number(label));
  return citation && { href: webAddress(citation.url), title: citation.title };
}
