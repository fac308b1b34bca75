import { type Checkpoint, type ConsentLogLine, consentLogLine } from '@confab/contract';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { sha256 } from '../../lib/sha256.ts';
import { BEGINNING, isSigned, type Position } from './checkpoint.ts';
import { versionOf } from './notice.ts';

/** A line longer than this is not one of ours; it is not read to its end. */
const LINE_MAX = 1_000_000;

/** What is wrong, and where it shows first; `sequence` is the record that should stand there, if that can be told. */
export type LogProblem = { line: number; sequence?: number; message: string };

export type LogReport = {
  ok: boolean;
  siteKey?: string;
  /** How many records were found to be good. */
  records: number;
  /** The places between which the log was found whole. */
  first?: Position;
  last?: Position;
  /** Who signed; more than one where the relay changed its key meanwhile. */
  keyIds: string[];
  problem?: LogProblem;
};

/**
 * Checks an exported consent log, one page or several in a row, with nothing but the log itself. Any edit, removal,
 * reordering or insertion between its first and its last checkpoint is found, as far as the keys are trusted: with
 * `keys` nobody else may have signed, without them whoever reads the report compares `keyIds`.
 */
export async function verifyLog(
  lines: AsyncIterable<string>,
  { keys }: { keys?: readonly string[] | undefined } = {},
): Promise<LogReport> {
  const report: LogReport = { ok: false, records: 0, keyIds: [] };
  let line = 0;
  let position = BEGINNING;
  /** Of the part behind an opening checkpoint: where it began and the notices told in it. */
  let part: { from: number; notices: Set<string>; untied: string | undefined } | undefined;

  for await (const text of lines) {
    line += 1;
    const problem = take(text);
    if (problem) return { ...report, problem: { line, ...problem } };
  }
  if (line === 0) return { ...report, problem: { line, message: 'the file is empty' } };
  if (part) return { ...report, problem: { line, message: 'the file ends here, without a checkpoint at its end' } };
  return { ...report, ok: true };

  type Problem = Omit<LogProblem, 'line'>;

  function take(text: string): Problem | undefined {
    const read = readLine(text);
    const next = position.sequence + 1;
    if (typeof read === 'string') return { ...(part && { sequence: next }), message: read };
    if (read.type === 'checkpoint') return takeCheckpoint(read);
    const message = read.type === 'notice' ? noticeFault(read) : recordFault(read);
    if (message !== undefined) return { ...(part && { sequence: next }), message };
    if (read.type === 'notice') {
      part?.notices.add(read.hash);
    } else {
      position = { sequence: read.sequence, hash: read.hash };
      report.records += 1;
    }
    if (part) part.untied = read.type === 'notice' ? read.hash : undefined;
    return undefined;
  }

  function noticeFault({ type: _, hash, version, ...content }: ConsentLogLine & { type: 'notice' }) {
    if (!part) return 'a notice stands outside the checkpoints';
    if (hash !== sha256(canonicalJson(content))) return 'the notice before it was changed: its hash is of other words';
    if (version !== versionOf(hash)) return 'the notice before it was changed: its version is not that of its hash';
    if (part.untied !== undefined) return 'two notices stand before it';
    if (part.notices.has(hash)) return 'the notice before it was told before';
    return undefined;
  }

  function recordFault({ type: _, hash, ...content }: ConsentLogLine & { type: 'record' }) {
    const { sequence, previousHash, siteKey, noticeHash, noticeVersion } = content;
    if (!part) return 'a record stands outside the checkpoints';
    if (hash !== sha256(canonicalJson(content))) return 'was changed: its hash is of another record';
    if (siteKey !== report.siteKey) return 'is of another site';
    if (sequence > position.sequence + 1) return `is missing; record ${sequence} stands in its place`;
    if (sequence <= position.sequence) return `is missing; record ${sequence} stands here once more`;
    if (previousHash !== position.hash) {
      return `does not continue the record before: one of the two was changed, and its hash computed again`;
    }
    if (part.untied !== undefined && part.untied !== noticeHash)
      return 'does not name the notice that stands before it';
    if (!part.notices.has(noticeHash)) return 'names a notice that was not told before it';
    if (noticeVersion !== versionOf(noticeHash)) return 'names a version that is not that of its notice';
    return undefined;
  }

  function takeCheckpoint(checkpoint: Checkpoint): Problem | undefined {
    const { siteKey, sequence, hash, keyId } = checkpoint;
    if (!isSigned(checkpoint)) return { message: 'the checkpoint was changed: its signature is of another one' };
    if (keys && !keys.includes(keyId))
      return { message: `the checkpoint is signed by ${keyId}, a key you do not expect` };
    report.siteKey ??= siteKey;
    if (siteKey !== report.siteKey) return { message: 'the checkpoint is of another site' };
    if (part?.untied !== undefined)
      return { message: 'a notice stands before this checkpoint, and no record names it' };
    const fault = report.first && placeFault({ sequence, hash });
    if (fault) return fault;
    position = { sequence, hash };
    report.first ??= position;
    if (!report.keyIds.includes(keyId)) report.keyIds.push(keyId);
    if (part) report.last = position;
    part = part ? undefined : { from: sequence, notices: new Set(), untied: undefined };
    return undefined;
  }

  /** What is wrong with a checkpoint at this place, behind what was read. */
  function placeFault({ sequence, hash }: Position): Problem | undefined {
    const next = position.sequence + 1;
    if (!part && sequence !== position.sequence) {
      return { sequence: next, message: `is missing; a part from record ${sequence + 1} on stands in its place` };
    }
    if (sequence > position.sequence) {
      return { sequence: next, message: `is missing; the checkpoint here is that of record ${sequence}` };
    }
    if (sequence < position.sequence) {
      return { sequence: sequence + 1, message: 'was added; the checkpoint here is that of the record before it' };
    }
    if (hash === position.hash) return undefined;
    const from = part ? part.from + 1 : sequence;
    const change = 'it was changed, and the hashes computed again';
    if (from === sequence) return { sequence, message: `is not the one that was signed: ${change}` };
    return { message: `of the records ${from} to ${sequence} one is not what was signed: ${change}` };
  }
}

/** The line, or what is wrong with it. */
function readLine(text: string): ConsentLogLine | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  const parsed = consentLogLine.safeParse(json);
  if (!parsed.success) return 'is no checkpoint, notice or record: a field is missing, wrong or unknown';
  // Two texts can be read as one value, such as with a member written twice. Only one of them was exported.
  return text === canonicalJson(parsed.data) ? parsed.data : 'was changed: it is not written as RFC 8785 JSON';
}

/** The lines of a file, one at a time. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Not Node's readline: it ends a line at U+2028 too, which may stand in a notice.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > LINE_MAX) break;
  }
  if (rest !== '') yield rest.slice(0, LINE_MAX);
}
