import { z } from 'zod';
import { timestamp, uuid } from './primitives.ts';

/** An archive of everything that an account has: one is made at a time, and the newest takes the place of the one before. */
export const accountExport = z.object({
  exportId: uuid,
  status: z.enum(['making', 'ready', 'failed']),
  bytes: z.int().nullable().describe('of the archive; null until it is ready'),
  createdAt: timestamp,
  completedAt: timestamp.nullable(),
  expiresAt: timestamp.describe('when it is deleted'),
});
export type AccountExport = z.infer<typeof accountExport>;

export const accountExportList = z.object({ items: z.array(accountExport) });
export type AccountExportList = z.infer<typeof accountExportList>;

/** How the end of an account stands. */
export const accountDeletion = z.object({
  deleteAt: timestamp
    .nullable()
    .describe('when it is deleted with everything that it has; null: nobody asked for that'),
  heldSites: z
    .array(z.object({ siteId: uuid, name: z.string() }))
    .describe('sites of which a legal hold keeps data: while there is one, the account stays, also after `deleteAt`'),
});
export type AccountDeletion = z.infer<typeof accountDeletion>;
