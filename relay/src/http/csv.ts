import { Readable } from 'node:stream';
import { CSV_ROWS_MAX } from '@confab/contract';
import type { Context } from 'koa';

/** What a list is called as a file, and its columns: the heading of each, and what stands in it. */
export type Table<Item> = { name: string; columns: Record<string, (item: Item) => unknown> };

/** One page of a list, and the cursor of the next one. */
export type Page<Item> = { items: Item[]; nextCursor: string | null };

/** Spreadsheets take a file with this mark for UTF-8. */
const MARK = '\u{feff}';

/** What a spreadsheet takes for a formula (OWASP, CSV injection), also in the wide forms of East Asian keyboards. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/**
 * Sends all pages of a list as one CSV file (RFC 4180). The next page is read when the reader has taken the one before, and
 * not once they have left. What the first page throws is an ordinary error; a later one breaks the download off.
 */
export async function sendCsv<Item>(
  ctx: Context,
  { name, columns }: Table<Item>,
  pageAt: (cursor: string | undefined) => Promise<Page<Item>>,
  { begin, today }: { begin: string | undefined; today: Date },
): Promise<void> {
  const first = await pageAt(begin);
  ctx.attachment(`confab-${name}-${today.toISOString().slice(0, 10)}.csv`);
  ctx.type = 'text/csv; charset=utf-8';
  ctx.set('Cache-Control', 'no-store');
  // One page ahead at the most: each is one piece.
  ctx.body = Readable.from(pieces(), { highWaterMark: 1 });

  async function* pieces(): AsyncGenerator<string> {
    yield MARK + lineOf(Object.keys(columns));
    let rows = 0;
    for (let page = first; ; page = await pageAt(page.nextCursor ?? undefined)) {
      const items = page.items.slice(0, CSV_ROWS_MAX - rows);
      rows += items.length;
      if (items.length > 0) yield items.map(item => lineOf(Object.values(columns).map(of => of(item)))).join('');
      if (page.nextCursor === null || rows >= CSV_ROWS_MAX) return;
    }
  }
}

const lineOf = (values: unknown[]): string => `${values.map(cellOf).join(',')}\r\n`;

/** A text never does anything but stand there: what would be a formula has an apostrophe before it. */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}
