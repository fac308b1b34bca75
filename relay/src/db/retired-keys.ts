import type { LogKey, RetiredKey } from '../lib/keyring.ts';
import type { Db } from './database.ts';

/** What is left of the secret keys that were rotated out. */
export async function retiredKeys(db: Db): Promise<RetiredKey[]> {
  const rows = await db.retiredKey.findMany({ orderBy: { id: 'asc' } });
  return rows.map(({ logKey, ...row }) => ({ ...row, logKey: logKey as LogKey }));
}

/** Keeps that of one more; nothing where it is kept already. */
export async function keepRetired(db: Db, key: RetiredKey): Promise<void> {
  await db.retiredKey.createMany({ data: [key], skipDuplicates: true });
}
