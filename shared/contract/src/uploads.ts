import { z } from 'zod';
import { locale, text, timestamp, uuid, webUrl } from './primitives.ts';

/** Largest file, in bytes. */
export const UPLOAD_BYTES_MAX = 20 * 1024 * 1024;

/** Most files of one site. */
export const UPLOADS_MAX = 500;

/** Most files of one site that are waiting to be read. */
export const UPLOADS_PENDING_MAX = 20;

/** What a file may be. */
export const uploadTypes = ['text/plain', 'text/markdown', 'application/pdf'] as const;

/** The file itself is the body. */
export const uploadQuery = z.strictObject({
  name: text(200, 1)
    .refine(name => name.trim() !== '', 'is blank')
    .describe('of the file; a document without a title of its own is cited by it'),
  url: webUrl.optional().describe('where visitors can read it; without, it is cited by its title alone'),
  locale: locale.optional().describe('the language it is written in; without, what the file says, else the site’s'),
});
export type UploadQuery = z.infer<typeof uploadQuery>;

/** Why a file is not in the knowledge, with what the owner is told. The codes are stable. */
export const uploadFaults = {
  timed_out: 'Reading this file took too long. Save it anew in the program it came from, or send it in smaller parts.',
  out_of_memory: 'Reading this file took too much memory. Save it anew without pictures, or send it in smaller parts.',
  too_large: 'There is more text in this file than one upload may hold: 8 million characters, or 2,000 pages of a PDF.',
  broken: 'This file could not be read. It is damaged, or is of another kind than its name says.',
  encrypted: 'This PDF is protected by a password. Save it without one.',
  empty:
    'There is no text in this file. A scanned PDF holds pictures of its pages only: save it with text recognition.',
  unsupported: 'Files of this kind are not read. Send plain text, Markdown or PDF.',
  internal:
    'Something went wrong on our side. Remove the file and send it again; if that does not help, tell the operator.',
} as const satisfies Record<string, string>;
export type UploadFault = keyof typeof uploadFaults;

export const uploadResponse = z.object({ uploadId: uuid, status: z.literal('pending') });

export const uploadSchema = z.object({
  uploadId: uuid,
  name: z.string(),
  contentType: z.enum(uploadTypes),
  url: z.string().nullable(),
  locale: z.string().nullable(),
  bytes: z.int(),
  status: z.enum(['pending', 'ready', 'failed']),
  fault: z
    .object({ code: z.enum(Object.keys(uploadFaults) as [UploadFault, ...UploadFault[]]), message: z.string() })
    .nullable(),
  documents: z.int().describe('so many documents of the knowledge it became: a long file becomes several'),
  createdAt: timestamp,
  finishedAt: timestamp.nullable(),
});
export type Upload = z.infer<typeof uploadSchema>;

export const uploadPage = z.object({ items: z.array(uploadSchema), nextCursor: z.string().nullable() });
export type UploadPage = z.infer<typeof uploadPage>;
