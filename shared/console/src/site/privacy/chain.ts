/** A record of a log in which each one carries the hash of the one before. */
export type Link = { sequence: number; hash: string; previousHash: string };

/** How far a log was found whole, and the record at which it first is not. */
export type ChainReport = {
  checked: number;
  first?: number;
  last?: { sequence: number; hash: string };
  fault?: { sequence: number; kind: 'changed' | 'missing' | 'torn' };
};

const BEGINNING = '0'.repeat(64);

/**
 * Goes on with the check of a log by its next records: each hash is that of everything else in its record, and each record
 * follows the one before. What a log begins with after older records have run out can only be trusted by the relay's
 * signature, which this does not see.
 */
export async function checkedFurther(before: ChainReport, records: readonly Link[]): Promise<ChainReport> {
  const report = { ...before };
  for (const record of records) {
    const { hash, ...content } = record;
    const { sequence, previousHash } = content;
    const expected = report.last ? report.last.sequence + 1 : sequence;
    const previous = report.last?.hash ?? (sequence === 1 ? BEGINNING : previousHash);
    const kind =
      sequence !== expected
        ? 'missing'
        : previousHash !== previous
          ? 'torn'
          : hash !== (await sha256(canonical(content)))
            ? 'changed'
            : undefined;
    if (kind) return { ...report, fault: { sequence: expected, kind } };
    report.first ??= sequence;
    report.last = { sequence, hash };
    report.checked += 1;
  }
  return report;
}

/** The JSON of RFC 8785: keys in order, and nothing between. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${members
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`)
    .join(',')}}`;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
