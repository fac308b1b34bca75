import { z } from 'zod';
import { text } from './primitives.ts';

/** `?cursor=&limit=` of a list. */
export const pageQuery = z.strictObject({
  cursor: text(200, 1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
