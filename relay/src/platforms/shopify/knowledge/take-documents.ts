import { type DocumentUpsert, documentUpsert } from '@confab/contract';
import type { Knowledge } from '../../../features/knowledge/index.ts';
import type { Site } from '../../../features/sites/index.ts';

/**
 * Brings documents into the knowledge and takes others out; a version older than the one that is held changes nothing.
 * What has nothing to read in it (any more) goes too. Gives the ids of those that were empty, and of those that the
 * knowledge could not take, of which it keeps what it had.
 */
export async function takeDocuments(
  knowledge: Pick<Knowledge, 'sync'>,
  site: Site,
  change: { upsert: DocumentUpsert[]; delete: string[] },
): Promise<{ empty: string[]; rejected: string[] }> {
  const sound = change.upsert.filter(document => documentUpsert.safeParse(document).success);
  const { rejected } = await knowledge.sync(site, { upsert: sound, delete: change.delete }, { keepNewer: true });
  const empty = rejected.filter(({ code }) => code === 'empty').map(({ externalId }) => externalId);
  if (empty.length > 0) await knowledge.sync(site, { upsert: [], delete: empty });
  const unsound = change.upsert.filter(document => !sound.includes(document));
  const refused = rejected.filter(({ code }) => code !== 'empty');
  return { empty, rejected: [...unsound, ...refused].map(({ externalId }) => externalId) };
}
