import type { Checkpoint, ConsentLogLine, ConsentsPage, LoggedNotice, Receipt } from '@confab/contract';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Site } from '../sites/index.ts';
import { type Position, signCheckpoint } from './checkpoint.ts';
import type { ConsentStore } from './store.ts';

/** A part of a consent log between two checkpoints. */
export type LogPage = {
  first: Checkpoint;
  last: Checkpoint;
  records: Receipt[];
  /** Those that the records name. */
  notices: LoggedNotice[];
  /** Whether the log went on behind `last` when it was read. */
  hasMore: boolean;
};

type Deps = { store: ConsentStore; keyring: Pick<Keyring, 'signLog' | 'logKeys'>; now: () => Date };

/**
 * The log behind the record `after`, or from where it begins since it was pruned; where it ends before, an empty page
 * at its end. All of it is read as it stood at one moment.
 */
export async function readLog(
  { store, keyring, now }: Deps,
  site: Site,
  after: number,
  limit: number,
): Promise<LogPage> {
  const { end, pruned, before, records, notices } = await store.readLog(site, after, limit);
  const sign = (position: Position) => signCheckpoint(keyring, site.key, position, now());
  const first = before.sequence === pruned?.sequence ? pruned : sign(before);
  // A short page ends where the log does, so that a record missing there shows, too.
  const last = (records.length === limit ? records.at(-1) : undefined) ?? end;
  return { first, last: sign(last), records, notices, hasMore: last.sequence < end.sequence };
}

/** The page as JSON Lines: the records between two checkpoints, each notice before the first record that names it. */
export function linesOf({ first, last, records, notices }: LogPage): string {
  const untold = new Map(notices.map(notice => [notice.hash, notice]));
  const lines: ConsentLogLine[] = [first];
  for (const record of records) {
    const notice = untold.get(record.noticeHash);
    if (notice && untold.delete(notice.hash)) lines.push({ type: 'notice', ...notice });
    lines.push({ type: 'record', ...record });
  }
  lines.push(last);
  return lines.map(line => `${canonicalJson(line)}\n`).join('');
}

export const jsonOf = ({ last, records, notices, hasMore }: LogPage): ConsentsPage => ({
  items: records,
  notices,
  nextCursor: hasMore ? String(last.sequence) : null,
});
