type Options = {
  /** Entries of every page's content stream, such as `/Filter /FlateDecode`. */
  stream?: string;
  /** Entries of the trailer. */
  trailer?: string;
  title?: string;
};

/** A PDF whose pages have these content streams. */
export function pdfOf(pages: Uint8Array[], { stream = '', trailer = '', title = '' }: Options = {}): Uint8Array {
  const pieces: Buffer[] = [];
  const offsets: number[] = [];
  let length = 0;
  const add = (piece: string | Uint8Array) => {
    const bytes = Buffer.from(piece as string);
    pieces.push(bytes);
    length += bytes.length;
  };
  const object = (...parts: (string | Uint8Array)[]) => {
    offsets.push(length);
    add(`${offsets.length} 0 obj\n`);
    parts.forEach(add);
    add('\nendobj\n');
  };
  add('%PDF-1.7\n');
  object('<< /Type /Catalog /Pages 2 0 R >>');
  object(`<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, at) => `${2 * at + 5} 0 R`).join(' ')}] >>`);
  object('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>');
  object(`<< /Title (${title}) /ModDate (D:20260131142500Z) >>`);
  pages.forEach((content, at) => {
    const resources = '<< /Font << /F1 3 0 R >> >>';
    object(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents ${2 * at + 6} 0 R /Resources ${resources} >>`,
    );
    object(`<< /Length ${content.length} ${stream} >>\nstream\n`, content, '\nendstream');
  });
  const start = length;
  const count = offsets.length + 1;
  add(`xref\n0 ${count}\n0000000000 65535 f \n`);
  for (const offset of offsets) add(`${String(offset).padStart(10, '0')} 00000 n \n`);
  add(`trailer << /Size ${count} /Root 1 0 R /Info 4 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF`);
  return Buffer.concat(pieces);
}

/** The content stream of a page with these lines of text. */
export const linesOf = (...lines: string[]): Uint8Array =>
  Buffer.from(`BT /F1 12 Tf 50 700 Td ${lines.map(line => `(${line}) Tj 0 -14 Td`).join(' ')} ET`, 'latin1');
