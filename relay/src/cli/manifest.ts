import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UsageError } from './command.ts';

/** What lies beside each backup, and says what is in it: no secrets, nobody's data. */
const manifest = z.strictObject({
  format: z.literal(1),
  kind: z.enum(['postgresql', 'embedded']),
  at: z.iso.datetime(),
  file: z.string().regex(/^[\w.-]+$/),
  bytes: z.int(),
  sha256: z.string(),
  migrations: z.array(z.string()),
  tables: z.record(z.string(), z.int()),
  keyIds: z.array(z.string()),
});

export type Manifest = z.infer<typeof manifest>;

/** The files of a backup, or a list of ids, are named by when it was made; also what one that was killed has left. */
const NAME =
  /^confab-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z)\.((?:dump|tar\.gz|ids\.gz)\.part|dump|tar\.gz|json|ids\.gz)$/;

export const nameOf = (at: Date): string => `confab-${at.toISOString().replace(/[:.]/g, '-')}`;

/** What of ours lies in the folder, with its time; nothing where there is no folder. */
export async function filesIn(folder: string): Promise<{ file: string; kind: string; at: Date }[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap(file => {
    const [, stamp = '', kind = ''] = NAME.exec(file) ?? [];
    const iso = stamp.replace(/T(\d\d)-(\d\d)-(\d\d)-/, 'T$1:$2:$3.');
    return stamp ? [{ file, kind, at: new Date(iso) }] : [];
  });
}

/** The backup that this file belongs to, by its manifest or itself. Throws `UsageError`. */
export async function readManifest(file: string): Promise<{ manifest: Manifest; file: string }> {
  const described = file.replace(/\.(dump|tar\.gz)$/, '.json');
  let read: unknown;
  try {
    read = JSON.parse(await readFile(described, 'utf8'));
  } catch (error) {
    const { code = 'no JSON' } = error as NodeJS.ErrnoException;
    throw new UsageError(`${described} cannot be read (${code}). Name a backup, with its .json beside it.`);
  }
  const parsed = manifest.safeParse(read);
  if (!parsed.success) throw new UsageError(`${described} does not describe a backup of this version of Confab.`);
  return { manifest: parsed.data, file: path.join(path.dirname(described), parsed.data.file) };
}
