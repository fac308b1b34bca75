import fc from 'fast-check';
import { it } from 'vitest';
import { sharedData } from './fakes/shared-data.ts';

/** By itself every target does the same each time; `npm run fuzz` says for how long, and from where. */
const { CONFAB_FUZZ_SECONDS, CONFAB_FUZZ_SEED, CONFAB_FUZZ_PATH } = process.env;
const SEED = 20_261_122;
const TOLD_EVERY_MS = 10_000;

/**
 * One target: whatever the arbitraries make, `check` throws for none of it. `npm test` tries `runs` of them, always the
 * same; `npm run fuzz` tries them for as long as it was asked to. A failure says what broke it, and how to see it again.
 */
export function fuzz<Given extends [unknown, ...unknown[]]>(
  name: string,
  arbitraries: { [Each in keyof Given]: fc.Arbitrary<Given[Each]> },
  check: (...given: Given) => void | Promise<void>,
  { runs = 300 }: { runs?: number } = {},
): void {
  const seconds = CONFAB_FUZZ_SECONDS === undefined ? undefined : Number(CONFAB_FUZZ_SECONDS);
  it(
    name,
    async () => {
      let tried = 0;
      let toldAt = Date.now();
      const counted = async (...given: Given) => {
        tried += 1;
        if (seconds !== undefined && Date.now() - toldAt > TOLD_EVERY_MS) {
          toldAt = Date.now();
          console.log(`  ${name}: ${tried} so far`);
        }
        await check(...given);
      };
      const property = fc.asyncProperty(...(arbitraries as unknown as [fc.Arbitrary<unknown>]), counted as never);
      const details = await fc.check(property, {
        seed: CONFAB_FUZZ_SEED === undefined ? SEED : Number(CONFAB_FUZZ_SEED),
        ...(CONFAB_FUZZ_PATH && { path: CONFAB_FUZZ_PATH }),
        ...(seconds === undefined
          ? { numRuns: runs }
          : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1_000 }),
      });
      if (seconds !== undefined) console.log(`  ${name}: ${tried} tried`);
      if (!details.failed) return;
      const again = `npm run fuzz -- --target '${name}' --seed ${details.seed} --path ${details.counterexamplePath}`;
      throw new Error(`${fc.defaultReportMessage(details as never)}\n\nSee it again: ${again}`, {
        cause: details.errorInstance,
      });
    },
    ((seconds ?? 0) + 60) * 1_000,
  );
}

/** What is known to break programs; a few of it where ../shared/data is not here. */
const KNOWN: string[] = [
  ...['', ' ', '\u0000', '\ud800', '__proto__', 'constructor', '../../etc/passwd', '%00', '%zz', '\r\nX: y', '{{7*7}}'],
  ...[
    '<script>alert(1)</script>',
    "' OR 1=1 --",
    '=cmd|x',
    'javascript:alert(1)',
    '\u202e',
    'ﷺ'.repeat(50),
    'İ',
    '1e309',
  ],
  ...['naughty_strings', 'xss_html', 'sqli'].flatMap(
    (file): string[] => sharedData(`fetched/security/${file}.json.gz`) ?? [],
  ),
];

/** A text as nobody means it: any characters, halves of them, known attacks, and much of the same. */
export const hostileText = ({ max = 2_000 }: { max?: number } = {}): fc.Arbitrary<string> =>
  fc
    .oneof(
      { weight: 3, arbitrary: fc.constantFrom(...KNOWN) },
      { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.oneof(fc.constantFrom(...KNOWN), fc.string({ unit: 'binary', maxLength: 4 })), fc.nat(max))
          .map(([unit, times]) => unit.repeat(Math.min(times, Math.floor(max / (unit.length || 1))))),
      },
      {
        weight: 2,
        arbitrary: fc
          .array(fc.oneof(fc.constantFrom(...KNOWN), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 6 })
          .map(parts => parts.join('')),
      },
    )
    .map(text => text.slice(0, max));

/** What a broken or hostile sender does to good bytes: leaves out, repeats, changes, swaps, puts in, and cuts off. */
export type Damage = {
  kind: 'drop' | 'repeat' | 'flip' | 'swap' | 'insert' | 'cut';
  at: number;
  length: number;
  bytes: Uint8Array;
};

export const damages = ({ min = 0, max = 4 }: { min?: number; max?: number } = {}): fc.Arbitrary<Damage[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom('drop', 'repeat', 'flip', 'swap', 'insert', 'cut'),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 400 })),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 12 }),
        fc
          .constantFrom('\n', '\r\n\r\n', 'data: ', '{', '"', ']', '\\', 'null', '\u0000')
          .map(text => Buffer.from(text)),
      ),
    }),
    { minLength: min, maxLength: max },
  );

/** The bytes with this done to them. */
export function damaged(good: Uint8Array, done: readonly Damage[]): Uint8Array<ArrayBuffer> {
  let bytes = Buffer.from(good);
  for (const { kind, at, length, bytes: put } of done) {
    const start = Math.floor(at * bytes.length);
    const end = Math.min(bytes.length, start + length);
    const [before, piece, after] = [bytes.subarray(0, start), bytes.subarray(start, end), bytes.subarray(end)];
    if (kind === 'drop') bytes = Buffer.concat([before, after]);
    else if (kind === 'repeat') bytes = Buffer.concat([before, piece, piece, after]);
    else if (kind === 'flip') bytes = Buffer.concat([before, piece.map(byte => byte ^ (1 << (length % 8))), after]);
    else if (kind === 'swap') bytes = Buffer.concat([before, after.subarray(0, length), piece, after.subarray(length)]);
    else if (kind === 'insert') bytes = Buffer.concat([before, put, piece, after]);
    else bytes = Buffer.from(before);
  }
  return new Uint8Array(bytes);
}

/** The bytes in pieces of these lengths, over and over. */
export function inPieces(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = Math.max(1, lengths[turn % lengths.length] ?? bytes.length);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

export async function* asyncOf<Each>(each: Iterable<Each>): AsyncGenerator<Each> {
  yield* each;
}
