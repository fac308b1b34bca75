import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { linesOf, pdfOf } from '../../../../e2e/fakes/pdf.ts';
import { textOf } from './charset.ts';
import { ExtractError } from './extract.ts';
import { readPdf } from './read-pdf.ts';
import { readMarkdown, readText } from './read-text.ts';

const bytes = (text: string, encoding: BufferEncoding = 'utf8') => Uint8Array.from(Buffer.from(text, encoding));

describe('the characters of a file', () => {
  it('are read by its byte order mark, its server, its own word, and else by what they are', () => {
    const price = 'Preis: 5 € für Möwen';
    const windows = Uint8Array.from(
      [...'Preis: 5 '].map(letter => letter.charCodeAt(0)).concat(0x80, 0x20, 0x66, 0xfc),
    );
    expect(textOf(bytes(`\ufeff${price}`, 'utf16le'), 'text/plain; charset=utf-8')).toBe(price);
    expect(textOf(bytes(`\ufeff${price}`), 'text/html; charset=windows-1252')).toBe(price);
    expect(textOf(bytes(price), null)).toBe(price);
    expect(textOf(windows, null)).toBe('Preis: 5 € fü');
    expect(textOf(windows, 'text/html; charset="windows-1252"')).toBe('Preis: 5 € fü');
    expect(textOf(windows, 'text/html; charset=nonsense')).toBe('Preis: 5 € fü');
    const japanese = Uint8Array.from([...bytes('<meta charset=shift_jis><p>'), 0x83, 0x5f, 0x83, 0x62]);
    expect(textOf(japanese, 'text/html')).toContain('ダッ');
    const meta = bytes('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><p>\xfcber', 'latin1');
    expect(textOf(meta, 'text/html')).toContain('über');
    expect(textOf(bytes('<meta charset="utf-16"><p>über'), null)).toContain('über');
  });

  it('of another kind of file are refused, and single slips are forgiven', () => {
    const picture = Uint8Array.from({ length: 2_000 }, (_, at) => (at * 7) % 32);
    expect(() => textOf(picture, 'text/html; charset=utf-8')).toThrow(new ExtractError('broken'));
    expect(textOf(bytes(`a\u0000${'b'.repeat(1_000)}`), null)).toBe(`a${'b'.repeat(1_000)}`);
  });
});

describe('plain text', () => {
  it('is taken as it stands', () => {
    expect(readText(bytes('Returns\n\n# Free\n within 30 days'), null)).toMatchObject({
      title: '',
      html: null,
      text: 'Returns\n\n# Free\n within 30 days',
    });
    expect(() => readText(bytes(' \n\t'), null)).toThrow(new ExtractError('empty'));
    expect(() => readText(bytes('word '.repeat(2_000_000)), null)).toThrow(new ExtractError('too_large'));
  });
});

describe('Markdown', () => {
  it('is read as the page that it describes', () => {
    const source = '# Returns\n\nFree *of* charge.\n\n| Size | Chest |\n| --- | --- |\n| M | 96 cm |\n\n- one\n- two';
    const { title, html } = readMarkdown(bytes(source), null);
    expect(title).toBe('Returns');
    expect(html?.replaceAll('\n', '')).toBe(
      '<h1>Returns</h1><p>Free of charge.</p><table><thead><tr><th>Size</th><th>Chest</th></tr></thead>' +
        '<tbody><tr><td>M</td><td>96 cm</td></tr></tbody></table><ul><li>one</li><li>two</li></ul>',
    );
  });

  it('leaves out what stands before it for machines, but for its title', () => {
    const { title, html } = readMarkdown(bytes('---\ntitle: "Our wool"\nsecret: x\n---\nFrom Shetland.'), null);
    expect(title).toBe('Our wool');
    expect(html).toBe('<p>From Shetland.</p>\n');
  });

  it('brings nothing that runs', () => {
    const source =
      'a <script>alert(1)</script> [b](javascript:alert(1)) ![c](x" onerror="alert(1)) <img src=x onerror=y>';
    expect(readMarkdown(bytes(source), null).html).toBe('<p>a  b ![c](x" onerror="alert(1)) </p>\n');
    expect(() => readMarkdown(bytes('![picture](x.png)'), null)).toThrow(new ExtractError('empty'));
  });
});

describe('a PDF', () => {
  it('is read page by page, line by line, with its title and its time', async () => {
    const pages = [linesOf('Parcels to Iceland', 'cost 14 euro. Ver-', 'sandkosten'), linesOf('Returns')];
    expect(await readPdf(pdfOf(pages, { title: 'Price list' }))).toMatchObject({
      title: 'Price list',
      html: null,
      text: '# 1 / 2\nParcels to Iceland\ncost 14 euro. Versandkosten\n\n# 2 / 2\nReturns',
      modifiedAt: new Date('2026-01-31T00:00:00Z'),
    });
    const packed = pdfOf([deflateSync(linesOf('Gr\xfc\xdfe'))], { stream: '/Filter /FlateDecode' });
    expect(await readPdf(packed)).toMatchObject({ title: '', text: 'Grüße' });
    expect(await readPdf(pdfOf(pages, { title: 'Microsoft Word - prices.docx' }))).toMatchObject({ title: '' });
  });

  it('that nobody can read says why', async () => {
    const encrypt = `/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <${'41'.repeat(32)}> /U <${'42'.repeat(32)}> >>`;
    const whole = Buffer.from(pdfOf([linesOf('Price list')]));
    const changed = (from: string, to: string) =>
      Uint8Array.from(Buffer.from(whole.toString('latin1').replace(from, to), 'latin1'));
    const cases: [string, Uint8Array, ExtractError['code']][] = [
      ['protected by a password', pdfOf([linesOf('x')], { trailer: `${encrypt} /ID [<00> <00>]` }), 'encrypted'],
      ['pictures only', pdfOf([Buffer.from('0 0 100 100 re f')]), 'empty'],
      ['no page', pdfOf([]), 'empty'],
      ['not one at all', bytes('hello'), 'broken'],
      ['nothing', new Uint8Array(), 'broken'],
      ['cut off', Uint8Array.from(whole.subarray(0, 300)), 'broken'],
      ['pages in a circle', changed('/Kids [5 0 R]', '/Kids [2 0 R]'), 'empty'],
      ['too many pages', pdfOf(Array(2_001).fill(linesOf('x'))), 'too_large'],
    ];
    for (const [what, file, code] of cases) {
      await expect(readPdf(file), what).rejects.toEqual(new ExtractError(code));
    }
  });

  it('that lies about its number of pages is read as it is', async () => {
    const lie = Buffer.from(pdfOf([linesOf('Price list')]))
      .toString('latin1')
      .replace('/Count 1', '/Count 9999');
    expect((await readPdf(bytes(lie, 'latin1'))).text).toBe('Price list');
  });

  it('with a broken page is read without it', async () => {
    const pages = [Buffer.from('BT (never closed'), linesOf('Second')];
    expect((await readPdf(pdfOf(pages))).text).toContain('Second');
  });
});
