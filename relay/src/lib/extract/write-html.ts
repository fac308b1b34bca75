import { CDATA, type DomElement, type DomNode, ELEMENT, TEXT } from './dom.ts';

/** What says how the words of a page belong together. */
const KEPT = new Set(
  `h1 h2 h3 h4 h5 h6 p ul ol li table caption thead tbody tfoot tr th td dl dt dd blockquote pre br hr`.split(/\s+/),
);
const VOID = new Set(['br', 'hr']);
/** What nobody reads, what runs, and what is struck out, such as the price from before a sale. */
const DROPPED = new Set(
  `script style noscript template svg math iframe frame object embed canvas audio video map head nav select datalist
  textarea input button dialog title meta link base del s strike`.split(/\s+/),
);
/** What goes on in the same line. Everything else that is not kept begins a new one. */
const INLINE = new Set(
  `a abbr acronym b bdi bdo big cite code data dfn em font i ins kbd label mark meter output progress q samp small
  span strong sub sup time tt u var wbr img picture source ruby rt rp`.split(/\s+/),
);
/** Real pages stay far below; what nests deeper becomes plain text. */
const DEPTH_MAX = 100;

/**
 * The markup of a part of a page, made anew of few elements and no attributes: whatever stood in the page, nothing here
 * runs, loads or styles. Divisions become line breaks. Stops after `max` characters.
 */
export function writeHtml(roots: Iterable<DomNode>, max: number): string {
  const written: string[] = [];
  let length = 0;
  let depth = 0;
  /** Whether a new line is due before the next words. */
  let breaks = false;
  let hasWords = false;
  const write = (piece: string) => {
    written.push(piece);
    length += piece.length;
  };
  const tag = (piece: string) => {
    breaks = false;
    hasWords = false;
    write(piece);
  };

  for (const root of roots) {
    let node: DomNode | null = root;
    const open: string[] = [];
    while (node && length < max) {
      const name = node.nodeType === ELEMENT ? (node as DomElement).localName : '';
      if (node.nodeType === TEXT || node.nodeType === CDATA) {
        const words = escaped(node.textContent ?? '');
        if (breaks && hasWords && words.trim() !== '') write('<br>');
        if (words.trim() !== '') {
          breaks = false;
          hasWords = true;
        }
        write(words);
      } else if (name && !INLINE.has(name) && !KEPT.has(name) && !DROPPED.has(name)) {
        breaks = true;
      } else if (VOID.has(name)) {
        tag(`<${name}>`);
      }
      const enters: boolean = name !== '' && !DROPPED.has(name) && !VOID.has(name) && node.firstChild !== null;
      if (enters) {
        const isTag: boolean = KEPT.has(name) && depth < DEPTH_MAX;
        if (isTag) {
          tag(`<${name}>`);
          depth += 1;
        }
        open.push(isTag ? name : '');
        node = (node as DomNode).firstChild;
        continue;
      }
      while (node && node !== root && !node.nextSibling) {
        node = node.parentNode;
        close(node, open.pop());
      }
      node = !node || node === root ? null : node.nextSibling;
    }
    // What was cut short is closed all the same.
    for (const name of open.reverse()) close(null, name);
  }
  return written.join('');

  function close(node: DomNode | null, name: string | undefined): void {
    if (name) {
      tag(`</${name}>`);
      depth -= 1;
    } else if (node && !INLINE.has((node as DomElement).localName)) {
      breaks = true;
    }
  }
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const escaped = (text: string): string =>
  text
    .replaceAll('\u0000', '')
    .toWellFormed()
    .replace(/[&<>]/g, character => escapes[character] as string);
