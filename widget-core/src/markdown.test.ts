import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type MarkdownNode, parseMarkdown, plainText } from './markdown.ts';

const OWN_XSS = '/work/shared/data/own/security/xss_markdown.json';
const FETCHED = ['xss_html', 'naughty_strings'].map(name => `/work/shared/data/fetched/security/${name}.json.gz`);

const citations = [
  { index: 1, title: 'Returns', url: 'https://shop.example/returns' },
  { index: 2, title: 'Evil', url: 'javascript:alert(1)' },
];

/** The tree as brief markup, for reading in a test. */
function show(nodes: MarkdownNode[]): string {
  return nodes
    .map(node => {
      if (typeof node === 'string') return node;
      const attributes = [node.href && ` ${node.href}`, node.start && ` from ${node.start}`].filter(Boolean).join('');
      return node.tag === 'br' ? '<br>' : `<${node.tag}${attributes}>${show(node.children)}</${node.tag}>`;
    })
    .join('');
}

const parsed = (text: string) => show(parseMarkdown(text, citations));

/** Every element in a tree, however deep. */
function elements(nodes: MarkdownNode[]): Exclude<MarkdownNode, string>[] {
  return nodes.flatMap(node => (typeof node === 'string' ? [] : [node, ...elements(node.children)]));
}

function expectInert(text: string) {
  for (const { tag, href } of elements(parseMarkdown(text, citations))) {
    expect(['p', 'br', 'strong', 'em', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote', 'sup', 'a']).toContain(tag);
    if (href !== undefined) expect(href).toMatch(/^https?:\/\//);
  }
}

describe('the Markdown of an answer', () => {
  it.each([
    ['one\ntwo\n\nthree', '<p>one<br>two</p><p>three</p>'],
    [
      '**bold** and *slanted* and ***both***',
      '<p><strong>bold</strong> and <em>slanted</em> and <strong><em>both</em></strong></p>',
    ],
    ['2 * 3 * 4 and **open', '<p>2 * 3 * 4 and **open</p>'],
    ['`a **b**`', '<p><code>a **b**</code></p>'],
    ['## Heading', '<p><strong>Heading</strong></p>'],
    ['```js\nlet a;\n\nb\n```\nafter', '<pre><code>let a;\n\nb</code></pre><p>after</p>'],
    ['```\nnot closed yet', '<pre><code>not closed yet</code></pre>'],
    ['- a\n- b\n  - c\n    - d\n- e', '<ul><li>a</li><li>b<ul><li>c<ul><li>d</li></ul></li></ul></li><li>e</li></ul>'],
    ['1. a\n\n2. b\n   more\n3. c', '<ol><li>a</li><li>b<br>more</li><li>c</li></ol>'],
    ['3) c\n4) d', '<ol from 3><li>c</li><li>d</li></ol>'],
    ['1. a\n- b', '<ol><li>a</li></ol><ul><li>b</li></ul>'],
    ['> a\n> b\n\nc', '<blockquote><p>a<br>b</p></blockquote><p>c</p>'],
    ['[x](https://a.example/b_(c))', '<p><a https://a.example/b_(c)>x</a></p>'],
    [
      'See https://a.example/x?y=1, ok (http://b.example).',
      '<p>See <a https://a.example/x?y=1>https://a.example/x?y=1</a>, ok (<a http://b.example/>http://b.example</a>).</p>',
    ],
    ['Thirty days [1].', '<p>Thirty days<sup><a https://shop.example/returns>1</a></sup>.</p>'],
    ['No source [3], and none that is safe [2]', '<p>No source [3], and none that is safe<sup>2</sup></p>'],
    ['<b>not bold</b> &amp;', '<p><b>not bold</b> &amp;</p>'],
  ])('shows %j as it is meant', (text, expected) => {
    expect(parsed(text)).toBe(expected);
  });

  it.each([
    '[a](javascript:alert(1))',
    '[a](data:text/html,x)',
    '[a](//evil.example)',
    '[a](https://shop.example@evil.example)',
    'xhttps://a.example',
  ])('makes no link of %j', text => {
    expect(elements(parseMarkdown(text)).filter(({ tag }) => tag === 'a')).toEqual([]);
  });

  it('is read out without marks and without the numbers of its sources', () => {
    const nodes = parseMarkdown('**Thirty** days [1].\n\n- by *post*\n- `here`', citations);
    expect(plainText(nodes).trim()).toBe('Thirty days. by post here');
  });

  it.skipIf(!existsSync(OWN_XSS))(`cannot be made to hold anything active by ${OWN_XSS}`, () => {
    const { vectors } = JSON.parse(readFileSync(OWN_XSS, 'utf8'));
    expect(vectors.length).toBeGreaterThan(20);
    for (const text of vectors) expectInert(text);
  });

  it.skipIf(!FETCHED.every(existsSync)).each(FETCHED)('cannot be made to hold anything active by %s', path => {
    const texts: string[] = JSON.parse(gunzipSync(readFileSync(path)).toString());
    expect(texts.length).toBeGreaterThan(100);
    for (const text of texts) expectInert(text);
  });

  it('takes no longer for a hostile text than for its length', () => {
    const pieces = [
      '*',
      '**',
      '**a ',
      '*a* ',
      '[',
      '[a](',
      '[a](b ',
      ']',
      '`',
      '` ',
      '```\n',
      '```\n```\n',
      '> ',
      '>\n',
      '- ',
      '- a\n',
      '  - a\n',
      '1. ',
      '#',
      '# ',
      'http://',
      'https://%',
      'http://( ',
      '[1]',
      '((((',
      '\n',
      ' ',
      '<',
      '\\',
    ];
    for (const piece of pieces) {
      const hostile = `${piece.repeat(100_000 / piece.length)}\u2028`;
      const started = performance.now();
      parseMarkdown(hostile, citations);
      expect(performance.now() - started, JSON.stringify(piece)).toBeLessThan(1_000);
    }
  });

  it('does not nest deeper than a stack can bear', () => {
    expect(() => parseMarkdown(`${'> '.repeat(50_000)}a`)).not.toThrow();
    expect(() => parseMarkdown(`${'*a '.repeat(20_000)}${'a*'.repeat(20_000)}`)).not.toThrow();
  });
});
