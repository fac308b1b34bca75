import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { linesOf, pdfOf } from '../../../../e2e/fakes/pdf.ts';
import { damaged, damages, fuzz, hostileText } from '../../../../e2e/fuzz.ts';
import { textOf } from './charset.ts';
import { ExtractError, type Extracted } from './extract.ts';
import { readHtml } from './read-html.ts';
import { readPdf } from './read-pdf.ts';
import { readMarkdown, readText } from './read-text.ts';

const KEPT = /^<\/?(?:h[1-6]|p|ul|ol|li|table|caption|thead|tbody|tfoot|tr|th|td|dl|dt|dd|blockquote|pre|br|hr)>$/;

/** What may come of any page or file: something to keep, or an `ExtractError`; nothing else is thrown. */
async function read(how: () => Extracted | Promise<Extracted>): Promise<Extracted | undefined> {
  try {
    return await how();
  } catch (error) {
    if (!(error instanceof ExtractError)) throw error;
    return undefined;
  }
}

/** That the database takes it, that no text of it runs or loads, and that all it leads to is of the web. */
function expectHarmless({ html, text, title, links, alternates, canonical, attributes, product }: Extracted) {
  const all = [html ?? '', text ?? '', title, ...links, JSON.stringify([alternates, attributes, product, canonical])];
  for (const each of all) expect([each.includes('\u0000'), each.isWellFormed()]).toEqual([false, true]);
  for (const [tag] of (html ?? '').matchAll(/<[^>]*>?/g)) expect(tag).toMatch(KEPT);
  for (const link of [...links, ...alternates.map(({ url }) => url)]) expect(link).toMatch(/^https?:/);
}

const opening = fc.constantFrom(
  ...[
    '<p>',
    '<h1>',
    '<table>',
    '<tr><td>',
    '<ul><li>',
    '<script>',
    '<style>',
    '<svg>',
    '<math>',
    '<template>',
    '<noscript>',
  ],
  ...[
    '<textarea>',
    '<title>',
    '<!--',
    '<![CDATA[',
    '<a href="',
    '<img src=x onerror="',
    '<main>',
    '<details><summary>',
  ],
  ...[
    '<script type="application/ld+json">',
    '<link rel="canonical" href="',
    '<meta property="og:title" content="',
    '<base href="',
  ],
  ...['<iframe srcdoc="', '<select><option>', '<frameset>', '<plaintext>', '<object data="', '<html lang="'],
);
const closing = fc.constantFrom(
  ...[
    '</p>',
    '</table>',
    '</script>',
    '</style>',
    '</svg>',
    '</template>',
    '-->',
    ']]>',
    '">',
    "'>",
    '</main>',
    '</html>',
  ],
);
const markup = fc
  .array(fc.oneof(opening, closing, hostileText({ max: 120 })), { maxLength: 25 })
  .map(parts => parts.join(''));

const jsonLd = fc
  .letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(
        'Product',
        'https://schema.org/InStock',
        'EUR',
        '12,90',
        -1,
        1e308,
        null,
        true,
        '2026-02-31',
      ),
      hostileText({ max: 60 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          '@type',
          '@graph',
          '@id',
          'name',
          'offers',
          'price',
          'priceCurrency',
          'hasVariant',
          'availability',
          'sku',
          '__proto__',
        ),
        tie('value'),
        { maxKeys: 6 },
      ),
    ),
  }))
  .value.map(value =>
    JSON.stringify({
      '@context': 'https://schema.org',
      '@type': 'Product',
      name: 'Kettle',
      offers: value,
      ...(value as object),
    }),
  );

const PDF = pdfOf([linesOf('Parcels to Iceland take nine days', 'and cost 14 euro'), linesOf('Free within 30 days')], {
  title: 'Shipping',
});
const PACKED = pdfOf([deflateSync(linesOf('Parcels to Iceland take nine days'))], { stream: '/Filter /FlateDecode' });

describe('pages and files of others', () => {
  fuzz(
    'any page is words and a few plain elements, or nothing',
    [markup],
    async page => {
      const extracted = await read(() => readHtml(page, 'https://shop.example/help'));
      if (extracted) expectHarmless(extracted);
    },
    { runs: 250 },
  );

  fuzz('any product that a page tells of machines is one that can be kept, or none', [jsonLd], async json => {
    const page = `<title>Kettle</title><script type="application/ld+json">${json}</script><main><p>${'A kettle. '.repeat(20)}</p></main>`;
    const extracted = await read(() => readHtml(page, 'https://shop.example/kettle'));
    if (extracted) expectHarmless(extracted);
    expect({}).not.toHaveProperty('name');
  });

  fuzz(
    'any bytes in any character set are text, or no text',
    [
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        hostileText().map(text => Buffer.from(text, 'utf16le')),
        hostileText().map(text => Buffer.from(text)),
      ),
      fc.oneof(
        fc.constantFrom('utf-8', 'utf-16le', 'gb18030', 'iso-2022-jp', 'x-user-defined', 'replacement', 'utf-7'),
        hostileText({ max: 40 }),
      ),
    ],
    async (bytes, charset) => {
      for (const how of [readText, readMarkdown]) {
        const extracted = await read(() => how(bytes, `text/plain; charset=${charset}`));
        if (extracted) expectHarmless(extracted);
      }
      await read(() => ({ title: textOf(bytes, `text/html;charset="${charset}"`) }) as Extracted);
    },
  );

  fuzz(
    'any PDF is words, or an error that says why not',
    [fc.constantFrom(PDF, PACKED), damages({ max: 6 })],
    async (good, done) => {
      const extracted = await read(() => readPdf(damaged(good, done)));
      if (extracted) expectHarmless(extracted);
    },
    { runs: 120 },
  );
});
