import { compile, type DomNode } from 'html-to-text';

const headings = Object.fromEntries(
  ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((tag, at) => [tag, { format: 'markedHeading', options: { level: at + 1 } }]),
);

/** Below what a page structures by itself. */
const SUMMARY_LEVEL = 6;

const convert = compile({
  wordwrap: false,
  limits: { maxDepth: 200, maxInputLength: undefined },
  formatters: {
    // The chunker cuts at headings, so they stay marked.
    markedHeading: (element, walk, builder, { level = 1 }) => {
      builder.openBlock({ leadingLineBreaks: 2 });
      builder.addLiteral(`${'#'.repeat(level)} `);
      walk(element.children, builder);
      builder.closeBlock({ trailingLineBreaks: 1 });
    },
    // A term and what is said of it on one line: "Weight: 640 g". Authors may wrap each pair in a div.
    definitions: (element, walk, builder) => {
      const lines: DomNode[][] = [];
      for (const part of element.children.flatMap(child => (child.name === 'div' ? child.children : [child]))) {
        if (part.name === 'dt') lines.push([part]);
        else if (part.name === 'dd') (lines.at(-1) ?? lines[lines.push([]) - 1])?.push(part);
      }
      builder.openBlock({ leadingLineBreaks: 2 });
      for (const line of lines) {
        // A question among the terms stands over its answer.
        if (line[0]?.name === 'dt' && line.length > 1 && /[?？؟]$/.test(textOf(line[0]).trim())) {
          builder.openBlock({ leadingLineBreaks: 2 });
          walk([line[0]], builder);
          builder.closeBlock({ trailingLineBreaks: 1 });
          line.shift();
        }
        builder.openBlock({ leadingLineBreaks: 1 });
        line.forEach((part, position) => {
          if (position > 0) builder.addLiteral(position === 1 && line[0]?.name === 'dt' ? ': ' : ', ');
          walk(part.children, builder);
        });
        builder.closeBlock();
      }
      builder.closeBlock({ trailingLineBreaks: 2 });
    },
    // A row of a table on one line: "M | 96 cm | 82 cm".
    row: (element, walk, builder) => {
      builder.openBlock({ leadingLineBreaks: 1 });
      const cells = element.children.filter(child => child.name === 'td' || child.name === 'th');
      cells.forEach((cell, position) => {
        if (position > 0) builder.addLiteral(' | ');
        walk(cell.children, builder);
      });
      builder.closeBlock({ trailingLineBreaks: 1 });
    },
  },
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
    ...['script', 'style', 'noscript', 'template', 'svg', 'iframe', 'nav', 'form', 'object', 'head'].map(selector => ({
      selector,
      format: 'skip',
    })),
    ...Object.entries(headings).map(([selector, format]) => ({ selector, ...format })),
    // What opens when somebody asks for it: under its summary.
    { selector: 'details', format: 'block', options: { leadingLineBreaks: 2, trailingLineBreaks: 2 } },
    { selector: 'summary', format: 'markedHeading', options: { level: SUMMARY_LEVEL } },
    { selector: 'table', format: 'block' },
    { selector: 'tr', format: 'row' },
    { selector: 'dl', format: 'definitions' },
    { selector: 'ul', options: { itemPrefix: '- ' } },
    { selector: 'hr', format: 'lineBreak' },
  ],
});

/**
 * The words of a page without its markup; headings begin with `# `, `## ` and so on, list items with `- `, rows have
 * ` | ` inside.
 * Gives `undefined` for a page that nests deeper than any real one: the parser's time grows with the square of it.
 */
export function cleanHtml(html: string): string | undefined {
  return nestingOf(html) > NESTING_MAX ? undefined : cleanText(convert(html));
}

/** Plain text with its white space tidied; lines and blank lines stay. */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** The words of a node, without those of pictures and scripts. */
function textOf(node: DomNode): string {
  if (node.type === 'text') return node.data ?? '';
  return (node.children ?? []).map(textOf).join('');
}

const NESTING_MAX = 2_000;

/** How deep tags nest at the most, by a rough count: tags that HTML closes by itself are left out. */
function nestingOf(html: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [, closing, name] of html.matchAll(/<(\/?)([a-z][a-z0-9-]{0,20})/gi)) {
    if (selfClosing.has((name as string).toLowerCase())) continue;
    depth = closing ? Math.max(0, depth - 1) : depth + 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

const selfClosing = new Set(
  'area base br col dd dt embed hr img input li link meta option p param source track wbr'.split(' '),
);
