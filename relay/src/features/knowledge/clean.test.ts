import { describe, expect, it } from 'vitest';
import { cleanHtml, cleanText } from './clean.ts';

describe('a page without its markup', () => {
  it('keeps headings, lists and tables readable', () => {
    const html = `<h1>Jumper</h1><p>Warm,<br>soft.</p><ul><li>wool</li><li>blue</li></ul>
      <table><tr><th>M</th><td>96&nbsp;cm</td></tr><tr><th>L</th><td>102 cm</td></tr></table>`;
    expect(cleanHtml(html)?.split('\n').filter(Boolean)).toEqual([
      '# Jumper',
      'Warm,',
      'soft.',
      '- wool',
      '- blue',
      'M | 96 cm',
      'L | 102 cm',
    ]);
  });

  it('keeps a term and what is said of it on one line', () => {
    const html = `<dl><dt>Weight</dt> <dd>640 g</dd><dd>in M</dd><div><dt>Code</dt><dd>MG</dd></div><dt>Stock</dl>
      <dl><dd>alone</dd></dl>`;
    expect(cleanHtml(html)?.split('\n').filter(Boolean)).toEqual(['Weight: 640 g, in M', 'Code: MG', 'Stock', 'alone']);
  });

  it('tells headings by their level', () => {
    expect(cleanHtml('<h1>Shop</h1><h3>Care</h3><p>Wash.</p>')).toBe('# Shop\n\n### Care\n\nWash.');
  });

  it('puts a question over its answer, also in lists of terms and in what opens on a click', () => {
    const html = `<dl><dt>Is it <b>warm</b>?</dt><dd>Very.</dd><dt>Itchy?</dt><dd>No.</dd></dl>
      <details><summary>Is it blue?</summary><p>Yes.</p></details>`;
    expect(cleanHtml(html)).toBe('Is it warm?\nVery.\n\nItchy?\nNo.\n\n###### Is it blue?\n\nYes.');
  });

  it('keeps the words of links, and leaves their addresses, pictures and scripts away', () => {
    const html = `<nav>Menu</nav><a href="javascript:alert(1)">Sizes</a><img src=x alt="picture" onerror=alert(1)>
      <script>alert(2)</script><style>p{}</style><template>t</template><svg><text>s</text></svg><!-- secret -->
      <iframe srcdoc="<p>framed</p>"></iframe><noscript>n</noscript>`;
    expect(cleanHtml(html)).toBe('Sizes');
  });

  it('decodes entities once', () => {
    expect(cleanHtml('<p>5 &lt; 7 &amp;amp; caf&eacute;</p>')).toBe('5 < 7 &amp; café');
  });

  it.each([
    ['nested divs', '<div>'.repeat(400_000)],
    ['nested spans around words', '<span>word '.repeat(150_000)],
    ['nested tables', '<table><tr><td>'.repeat(100_000)],
    ['nested lists', '<ul><li>'.repeat(200_000)],
    ['nested quotes', '<blockquote>'.repeat(100_000)],
  ])('is given up where it nests deeper than any real one: two megabytes of %s', (_, html) => {
    expect(html.length).toBeGreaterThan(1_000_000);
    expect(cleanHtml(html)).toBeUndefined();
  });

  it.each([
    ['unclosed paragraphs', `${'<p>word'.repeat(290_000)}`],
    ['open angle brackets', '<'.repeat(2_000_000)],
    ['attributes without end', `<a ${'b=c '.repeat(500_000)}`],
    ['comments without end', '<!--'.repeat(500_000)],
    ['entities', '&amp;'.repeat(400_000)],
    ['closing tags', '</div>'.repeat(300_000)],
  ])('is read or given up where it is two megabytes of %s', (_, html) => {
    const text = cleanHtml(html);
    expect(text === undefined || typeof text === 'string').toBe(true);
  });

  it('tidies white space, and leaves lines', () => {
    expect(cleanText('  a\t b \r\n\r\n\r\n\r\nc\u00a0d\re  ')).toBe('a b\n\nc d\ne');
  });
});
