import { setImmediate as othersTurn } from 'node:timers/promises';
import { Zip, ZipDeflate } from 'fflate';

/** A file of an archive, in pieces of text. */
export type File = { path: string; texts: AsyncIterable<string> };

/** Offsets in an archive have 32 bits: beyond that it would be broken, and nobody would see it before they need it. */
const ARCHIVE_MAX = 2 ** 32 - 1;

/** A ZIP archive of the files, piece by piece: of all of them no more is in memory than one text and what it becomes. */
export async function* zipOf(files: AsyncIterable<File>, at: Date): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  let bytes = 0;
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    bytes += piece.length;
    if (bytes > ARCHIVE_MAX) throw new Error('the archive is larger than 4 GB');
    ready.push(piece);
  });
  for await (const { path, texts } of files) {
    const entry = new ZipDeflate(path, { level: 6 });
    entry.mtime = at;
    zip.add(entry);
    for await (const text of texts) {
      entry.push(Buffer.from(text));
      yield* ready.splice(0);
      // Neither packing nor the embedded database lets anything else of this process happen.
      await othersTurn();
    }
    entry.push(new Uint8Array(), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}
