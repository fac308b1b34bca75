import type { Receipt } from '@confab/contract';
import { type Consent, type LogReport, linesOf, textLines, verifyLog } from '../../../features/consent/index.ts';
import type { Site } from '../../../features/sites/index.ts';

/** Records that are read at once. */
const PAGE = 1_000;
/** Records that a page shows. */
const SHOWN = 20;

type Log = Pick<Consent, 'log'>;

/** A part of the log as it is shown: newest first, those before the record `before`. */
export async function shownLog(consent: Log, site: Site, before: number | undefined) {
  const { last } = await consent.log(site, Number.MAX_SAFE_INTEGER, 1);
  const end = last.sequence;
  const to = Math.min(before === undefined ? end : before - 1, end);
  const after = Math.max(0, to - SHOWN);
  const { first, records } = await consent.log(site, after, SHOWN);
  const shown: Receipt[] = records.filter(({ sequence }) => sequence <= to).toReversed();
  // Where the log was pruned meanwhile, it begins further on than was asked.
  const older = after > 0 && first.sequence === after ? after + 1 : null;
  return { records: shown, end, older, newest: to === end };
}

/** The whole log as text that verifies offline, part by part. Ends early where the log is pruned meanwhile. */
export async function* logText(consent: Log, site: Site): AsyncGenerator<string> {
  for (let after = 0; ; ) {
    const page = await consent.log(site, after, PAGE);
    if (after > 0 && page.first.sequence !== after) return;
    yield linesOf(page);
    if (!page.hasMore) return;
    after = page.last.sequence;
  }
}

/** What the verifier says of the log as it stands, signed by nobody but these keys. */
export async function checkedLog(consent: Log, site: Site, keys: readonly string[]): Promise<LogReport> {
  const encoder = new TextEncoder();
  async function* bytes() {
    for await (const text of logText(consent, site)) yield encoder.encode(text);
  }
  return verifyLog(textLines(bytes()), { keys });
}
