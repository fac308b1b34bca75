import type { listQuery } from '@confab/contract';
import type { Context } from 'koa';
import type { z } from 'zod';
import { AppError } from '../lib/app-error.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { sha256 } from '../lib/sha256.ts';
import { type Page, sendCsv, type Table } from './csv.ts';
import { validate } from './validate.ts';

/** Rows that are read at once for a file. */
const ROWS_AT_ONCE = 500;

/** What a list is asked for: its own filters, and a page of what they leave. */
export type Listing<Query extends z.ZodObject> = Omit<z.output<Query>, 'format'> & { limit: number };

/**
 * Answers with one page of a list, or with all of it as CSV where that is asked for. A cursor is good for the filters that
 * it was given with: with others it throws 400.
 */
export async function answerList<Query extends typeof listQuery, Item>(
  ctx: Context,
  schema: Query,
  list: (asked: Listing<Query>) => Promise<Page<Item>>,
  table: Table<Item>,
): Promise<void> {
  const { cursor, limit, format, ...filters } = validate(schema, ctx.query);
  const mark = markOf(filters);
  const pageAt = async (at: string | undefined, rows: number) => {
    const asked = { ...filters, cursor: cursorIn(at, mark), limit: rows };
    const page = await list(asked as unknown as Listing<Query>);
    return { ...page, nextCursor: page.nextCursor === null ? null : `${page.nextCursor}${mark}` };
  };
  if (format === 'csv') {
    await sendCsv(ctx, table, at => pageAt(at, ROWS_AT_ONCE), { begin: cursor, today: new Date() });
  } else {
    ctx.body = await pageAt(cursor, limit);
  }
}

/** What a cursor ends in: nothing where nothing is filtered. */
function markOf(filters: object): string {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `.${sha256(canonicalJson(Object.fromEntries(given))).slice(0, 12)}`;
}

function cursorIn(cursor: string | undefined, mark: string): string | undefined {
  if (cursor === undefined) return undefined;
  const [place = '', ...rest] = cursor.split('.');
  if (rest.map(each => `.${each}`).join('') === mark) return place;
  throw new AppError('validation_failed', 'This cursor is of the list with other filters. Begin without one.', {
    errors: [{ path: 'cursor', message: 'was given with other filters' }],
  });
}
