import { Readable } from 'node:stream';
import type { LoggedNotice, Receipt } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { createKeyring } from '../../lib/keyring.ts';
import { sha256 } from '../../lib/sha256.ts';
import { BEGINNING, type Position, signCheckpoint } from './checkpoint.ts';
import { linesOf } from './log-page.ts';
import { textLines, verifyLog } from './verify-log.ts';

const ring = createKeyring([new Uint8Array(32).fill(1)]);
const strangers = createKeyring([new Uint8Array(32).fill(2)]);
const keyId = ring.logKeys[0]?.id ?? '';
const strangersId = strangers.logKeys[0]?.id ?? '';
const at = new Date('2026-01-01T00:00:00Z');

const noticeOf = (locale: string, title: string): LoggedNotice => {
  const content = {
    locale,
    wording: { title, body: 'We\u2028store “it”.', acceptLabel: 'Yes', declineLabel: 'No', policyUrl: null },
  };
  const hash = sha256(canonicalJson(content));
  return { hash, version: hash.slice(0, 12), ...content };
};
const english = noticeOf('en', 'May we?');
const german = noticeOf('de', 'Dürfen wir?');
const french = noticeOf('fr', 'Pouvons-nous ?');

const hashed = ({ hash: _, ...content }: Receipt): Receipt => ({ ...content, hash: sha256(canonicalJson(content)) });

/** The chain from `before` on, computed again over these records. */
function chained(records: Receipt[], before: Position = BEGINNING): Receipt[] {
  let { sequence, hash: previousHash } = before;
  return records.map(record => {
    sequence += 1;
    const made = hashed({ ...record, sequence, previousHash });
    previousHash = made.hash;
    return made;
  });
}

const draftOf = (index: number, notice: LoggedNotice, siteKey: string): Receipt => ({
  id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
  siteKey,
  decision: index % 2 ? 'granted' : 'declined',
  purposes: ['storage'],
  noticeVersion: notice.version,
  noticeHash: notice.hash,
  locale: 'de-AT',
  source: 'banner',
  ...(index % 2 && { subject: sha256(`subject ${index}`) }),
  recordedAt: new Date(at.getTime() + index * 1_000).toISOString(),
  sequence: 0,
  previousHash: '',
  hash: '',
});

/** A good log: twelve records, the first half on the English notice and the second on the German one. */
const records = chained(Array.from({ length: 12 }, (_, at) => draftOf(at + 1, at < 6 ? english : german, 'shop')));

function pageOf(all: Receipt[], from = 0, to = all.length, signer = ring, siteKey = 'shop'): string[] {
  const place = (sequence: number) => all[sequence - 1] ?? BEGINNING;
  const told = all.slice(from, to);
  const text = linesOf({
    first: signCheckpoint(signer, siteKey, place(from), at),
    last: signCheckpoint(signer, siteKey, place(to), at),
    records: told,
    notices: [english, german].filter(({ hash }) => told.some(record => record.noticeHash === hash)),
    hasMore: false,
  });
  return text.split('\n').slice(0, -1);
}
const good = pageOf(records);

const check = (lines: string[], keys?: string[]) => verifyLog(Readable.from(lines), { keys });
const json = (line: string | undefined) => JSON.parse(line ?? '');
/** The line of a record in `good`: a checkpoint and a notice stand before the first, a notice before the seventh. */
const lineOf = (sequence: number) => (sequence < 7 ? sequence + 2 : sequence + 3);
const END = good.length;

/** `good` with one line written anew. */
const edited = (line: number, edit: (value: Record<string, unknown>) => object) =>
  good.with(line - 1, canonicalJson(edit(json(good[line - 1]))));
const editedRecord = (sequence: number, change: object) => edited(lineOf(sequence), value => ({ ...value, ...change }));
const recordLine = (record: Receipt) => canonicalJson({ type: 'record', ...record });
const noticeLine = (notice: LoggedNotice) => canonicalJson({ type: 'notice', ...notice });
const without = (line: number, count = 1) => good.toSpliced(line - 1, count);
const inserted = (line: number, ...more: string[]) => good.toSpliced(line - 1, 0, ...more);
const of = (line: number) => good[line - 1] ?? '';
/** `good` with all records written anew, the checkpoints left as they are. */
const rewritten = (all: Receipt[]) => [of(1), ...pageOf(all).slice(1, -1), of(END)];
const granting = (record: Receipt): Receipt => ({ ...record, decision: 'granted' });
const rehashedFrom = (sequence: number, change: (record: Receipt) => Receipt) => {
  const kept = records.slice(0, sequence - 1);
  const [first, ...rest] = records.slice(sequence - 1);
  return [...kept, ...chained(first ? [change(first), ...rest] : [], kept.at(-1))];
};

/** `good` whose numbers jump at the fifth record, hashed again. */
const renumbered = (by: number) => {
  const [kept, moved] = [records.slice(0, 4), records.slice(4)];
  let previousHash = kept[3]?.hash ?? '';
  const again = moved.map(each => {
    const made = hashed({ ...each, sequence: each.sequence + by, previousHash });
    previousHash = made.hash;
    return made;
  });
  return rewritten([...kept, ...again]);
};

type Expected = { line: number; sequence?: number };
const record = (sequence: number, line = lineOf(sequence)): Expected => ({ sequence, line });
const line = (number: number): Expected => ({ line: number });

const tampered: [string, string[], Expected][] = [
  ['a decision turned', editedRecord(4, { decision: 'granted' }), record(4)],
  ['a purpose added', editedRecord(5, { purposes: ['storage', 'analytics'] }), record(5)],
  ['a time moved', editedRecord(5, { recordedAt: '2025-12-31T23:00:00.000Z' }), record(5)],
  ['another language', editedRecord(12, { locale: 'en' }), record(12)],
  ['another source', editedRecord(1, { source: 'gpc' }), record(1)],
  ['another id', editedRecord(5, { id: records[5]?.id }), record(5)],
  ['another subject', editedRecord(5, { subject: records[6]?.subject }), record(5)],
  ['a subject taken away', edited(lineOf(5), ({ subject: _, ...value }) => value), record(5)],
  ['a subject added', editedRecord(4, { subject: records[4]?.subject }), record(4)],
  ['a record under another notice', editedRecord(5, { noticeHash: german.hash }), record(5)],
  ['another notice version', editedRecord(5, { noticeVersion: german.version }), record(5)],
  ['a record of another site', editedRecord(5, { siteKey: 'other' }), record(5)],
  ['a sequence number changed', editedRecord(5, { sequence: 99 }), record(5)],
  ['another hash', editedRecord(5, { hash: records[5]?.hash }), record(5)],
  ['another previous hash', editedRecord(5, { previousHash: records[5]?.hash }), record(5)],
  [
    'an edited record with its hash computed again',
    good.with(lineOf(4) - 1, recordLine(hashed(granting(records[3] as Receipt)))),
    record(5),
  ],
  ['an edited record and the whole chain computed again', rewritten(rehashedFrom(4, granting)), line(END)],
  ['the last record edited and hashed again', rewritten(rehashedFrom(12, granting)), line(END)],
  [
    'another site’s name on all records, hashed again',
    rewritten(chained(records.map(each => ({ ...each, siteKey: 'other' })))),
    record(1),
  ],
  [
    'a version that is not that of the notice, hashed again',
    rewritten(rehashedFrom(4, each => ({ ...each, noticeVersion: german.version }))),
    record(4),
  ],
  [
    'a record that stands for no notice that was told, hashed again',
    rewritten(rehashedFrom(4, each => ({ ...each, noticeHash: french.hash, noticeVersion: french.version }))),
    record(4),
  ],
  ['a record removed', without(lineOf(5)), record(5)],
  ['the first record removed', without(lineOf(1)), record(1)],
  ['the last record removed', without(lineOf(12)), record(12)],
  ['the last three removed', without(lineOf(10), 3), record(10)],
  ['all records removed', [of(1), of(END)], record(1, 2)],
  ['a record removed and the chain computed again', rewritten(chained(records.toSpliced(4, 1))), record(12, END - 1)],
  ['two records swapped', good.with(lineOf(5) - 1, of(lineOf(6))).with(lineOf(6) - 1, of(lineOf(5))), record(5)],
  ['a record moved to the front', inserted(lineOf(3), of(lineOf(12))), record(3)],
  ['a record written twice', inserted(lineOf(5), of(lineOf(5))), record(6, lineOf(6))],
  [
    'a record added behind the last',
    inserted(END, recordLine(chained([draftOf(13, german, 'shop')], records[11])[0] as Receipt)),
    record(13, END + 1),
  ],
  [
    'a record put between and the chain computed again',
    rewritten(chained(records.toSpliced(4, 0, draftOf(13, english, 'shop')))),
    record(13, END + 1),
  ],
  ['a number left out and the chain computed again', renumbered(1), record(5)],
  ['a number used twice and the chain computed again', renumbered(-1), record(5)],
  ['a word of a notice changed', edited(2, value => ({ ...value, wording: french.wording })), record(1, 2)],
  ['another language of a notice', edited(2, value => ({ ...value, locale: 'de' })), record(1, 2)],
  ['another version of a notice', edited(2, value => ({ ...value, version: german.version })), record(1, 2)],
  ['a notice in the place of another', good.with(8, noticeLine(french)), record(7)],
  ['a notice removed', without(9), record(7, 9)],
  ['a notice behind its record', good.with(8, of(10)).with(9, of(9)), record(7, 9)],
  ['a notice told twice', inserted(5, of(2)), record(3, 5)],
  ['two notices in a row', inserted(9, noticeLine(french)), record(7, 10)],
  ['a notice that no record names', inserted(5, noticeLine(french)), record(3, 6)],
  ['a notice that ends the log', inserted(END, noticeLine(french)), line(END + 1)],
  ['an unknown member', editedRecord(5, { note: 'x' }), record(5)],
  ['a member written twice', good.with(6, of(7).replace('{', '{"decision":"declined",')), record(5)],
  ['a "__proto__"', good.with(6, of(7).replace('{', '{"__proto__":{},')), record(5)],
  ['white space', good.with(6, of(7).replace(',', ', ')), record(5)],
  ['a carriage return', good.with(6, `${of(7)}\r`), record(5)],
  ['an empty line', inserted(7, ''), record(5)],
  ['a line cut short', good.with(6, of(7).slice(0, -20)), record(5)],
  ['a line of another kind', inserted(7, '{"type":"comment"}'), record(5)],
  ['a JSON text that is no object', inserted(7, 'null'), record(5)],
  ['a byte order mark', good.with(0, `\u{feff}${of(1)}`), line(1)],
  ['no checkpoint at the beginning', without(1), line(1)],
  ['no checkpoint at the end', without(END), line(END - 1)],
  ['no more than a checkpoint', [of(1)], line(1)],
  ['nothing', [], line(0)],
  ['a checkpoint written twice', inserted(END, of(END)), line(END + 1)],
  ['a checkpoint written twice at the beginning', inserted(1, of(1)), line(3)],
  [
    'a record behind the end',
    [...good, recordLine(chained([draftOf(13, german, 'shop')], records[11])[0] as Receipt)],
    line(END + 1),
  ],
  ['a line behind the end', [...good, of(lineOf(12))], line(END + 1)],
  ['a checkpoint with another number', edited(END, value => ({ ...value, sequence: 11 })), line(END)],
  ['a checkpoint with another hash', edited(END, value => ({ ...value, hash: records[10]?.hash })), line(END)],
  ['a checkpoint with another time', edited(END, value => ({ ...value, at: '2027-01-01T00:00:00.000Z' })), line(END)],
  [
    'a checkpoint of another site',
    [...good.slice(0, -1), ...pageOf(records, 0, 12, ring, 'other').slice(-1)],
    line(END),
  ],
  ['a checkpoint with another key', edited(END, value => ({ ...value, key: strangers.logKeys[0]?.jwk })), line(END)],
  ['a checkpoint under another key’s name', edited(END, value => ({ ...value, keyId: strangersId })), line(END)],
  [
    'a signature written in another way',
    edited(END, value => ({ ...value, signature: `${value.signature}==` })),
    line(END),
  ],
  [
    'a genuine checkpoint from before the end',
    [...good.slice(0, -1), ...pageOf(records, 0, 11).slice(-1)],
    record(12, END),
  ],
  ['the beginning cut off', [of(1), of(2), ...good.slice(lineOf(4) - 1)], record(1, 3)],
  ['a page left out', [...pageOf(records, 0, 4), ...pageOf(records, 8, 12)], record(5, 8)],
  ['two pages swapped', [...pageOf(records, 4, 8), ...pageOf(records, 0, 4)], record(9, 9)],
  ['a page twice', [...pageOf(records, 0, 4), ...pageOf(records, 0, 4)], record(5, 8)],
  [
    'the checkpoints between two pages removed',
    [...pageOf(records, 0, 4).slice(0, -1), ...pageOf(records, 4).slice(1)],
    record(5, 7),
  ],
  [
    'a page of another site behind it',
    [...good, ...pageOf(chained([draftOf(1, english, 'other')]), 0, 1, ring, 'other')],
    line(END + 1),
  ],
];

describe('the verifier', () => {
  it('finds a good log whole, and tells from where to where, and who signed', async () => {
    expect(await check(good)).toEqual({
      ok: true,
      siteKey: 'shop',
      records: 12,
      first: BEGINNING,
      last: { sequence: 12, hash: records[11]?.hash },
      keyIds: [keyId],
    });
    expect((await check(good, [keyId])).ok).toBe(true);
  });

  it('finds pages in a row whole, also empty ones and those behind a pruned beginning', async () => {
    for (const bounds of [
      [0, 4, 8, 12],
      [0, 12, 12],
      [0, 0, 12],
      [5, 6, 7, 12],
      [12, 12],
    ]) {
      const pages = bounds.slice(1).flatMap((to, at) => pageOf(records, bounds[at], to));
      expect(await check(pages)).toMatchObject({ ok: true, first: { sequence: bounds[0] }, last: { sequence: 12 } });
    }
  });

  it('was shown enough ways to tamper', () => expect(tampered.length).toBeGreaterThan(60));

  it.each(tampered)('finds %s', async (_, lines, expected) => {
    const { ok, problem } = await check(lines);
    expect({ ok, line: problem?.line, sequence: problem?.sequence }).toEqual({
      ok: false,
      sequence: undefined,
      ...expected,
    });
  });

  it('finds any character changed, anywhere', async () => {
    const text = good.join('\n');
    for (let place = 0; place < text.length; place += 11) {
      const other = text[place] === '0' ? '1' : '0';
      const lines = `${text.slice(0, place)}${other}${text.slice(place + 1)}`.split('\n');
      const { problem } = await check(lines);
      const line = text.slice(0, place).split('\n').length;
      // A changed line break makes one line of two.
      expect(problem?.line, `at ${place}`).toBe(line);
    }
  });

  it('finds any line removed, doubled or swapped with the next', async () => {
    for (let at = 0; at < good.length; at += 1) {
      const line = good[at] ?? '';
      expect((await check(good.toSpliced(at, 1))).ok).toBe(false);
      expect((await check(good.toSpliced(at, 0, line))).ok).toBe(false);
      if (at > 0) expect((await check(good.with(at - 1, line).with(at, good[at - 1] ?? ''))).ok).toBe(false);
    }
  });

  it('finds a log that a stranger signed, once it is told who may sign; until then it names the stranger', async () => {
    const forged = pageOf(rehashedFrom(4, granting), 0, 12, strangers);
    expect(await check(forged)).toMatchObject({ ok: true, keyIds: [strangersId] });
    expect(await check(forged, [keyId])).toMatchObject({ ok: false, problem: { line: 1 } });
    // The stranger's key under our key's name.
    const [theirs] = strangers.logKeys;
    const impostor = { ...strangers, logKeys: theirs ? [{ ...theirs, id: keyId }] : [] };
    expect(await check(pageOf(records, 0, 12, impostor), [keyId])).toMatchObject({ ok: false, problem: { line: 1 } });
    // The beginning cut off, under a checkpoint of the stranger; the end is genuine.
    const cut = [...pageOf(records, 5, 12, strangers).slice(0, -1), of(END)];
    expect(await check(cut)).toMatchObject({ ok: true, keyIds: [strangersId, keyId] });
    expect(await check(cut, [keyId])).toMatchObject({ ok: false, problem: { line: 1 } });
  });

  it('takes pages that were signed before and after the key was changed', async () => {
    const lines = [...pageOf(records, 0, 6, strangers), ...pageOf(records, 6, 12)];
    expect(await check(lines, [keyId, strangersId])).toMatchObject({ ok: true, keyIds: [strangersId, keyId] });
  });
});

describe('the lines of a file', () => {
  const read = (...chunks: (string | Uint8Array)[]) =>
    Array.fromAsync(textLines(Readable.from(chunks.map(chunk => Buffer.from(chunk)))));

  it('come whole, wherever the file is cut, and end at line feeds only', async () => {
    const bytes = Buffer.from('a\u2028ü\n\nb😀\n');
    const lines = ['a\u2028ü', '', 'b😀'];
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await read(bytes.subarray(0, at), bytes.subarray(at))).toEqual(lines);
    }
    expect(await read('a\nb')).toEqual(['a', 'b']);
    expect(await read()).toEqual([]);
  });

  it('keep a byte order mark, and do not read a line that never ends', async () => {
    expect(await read('\u{feff}a\n')).toEqual(['\u{feff}a']);
    let chunks = 0;
    const endless = (async function* () {
      for (; chunks < 1_000; chunks += 1) yield Buffer.alloc(100_000, 'x');
    })();
    expect((await Array.fromAsync(textLines(endless))).map(({ length }) => length)).toEqual([1_000_000]);
    expect(chunks).toBeLessThan(20);
  });
});
