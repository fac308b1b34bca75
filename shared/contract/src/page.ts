import { z } from 'zod';
import { text, timestamp } from './primitives.ts';

/** `?cursor=&limit=` of a list. */
export const pageQuery = z.strictObject({
  cursor: text(200, 1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** How many rows of a list are written as CSV at most. */
export const CSV_ROWS_MAX = 100_000;

/** The same of one that is also there as a table: then all of its rows, whatever the page. */
export const listQuery = pageQuery.extend({
  format: z
    .enum(['json', 'csv'])
    .default('json')
    .describe(`csv: every row behind the cursor, ${CSV_ROWS_MAX} at most; \`limit\` does not count then`),
});

/** The same of a list in the order of time. A cursor holds for the filters that it was given with, and for no others. */
export const periodQuery = listQuery.extend({
  from: timestamp.optional().describe('nothing older than this'),
  to: timestamp.optional().describe('only what is older than this'),
});
