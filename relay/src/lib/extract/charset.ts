import { ExtractError } from './extract.ts';

/** A page says in its first bytes how it is encoded. */
const META_BYTES = 4_096;
/** No text has more of what no keyboard makes. */
const CONTROLS_SHARE_MAX = 0.002;

/** The text of a file. Throws `ExtractError` where it is another kind of file under a wrong name. */
export function textOf(bytes: Uint8Array, contentType: string | null): string {
  const text = decode(bytes, contentType).toWellFormed();
  const controls = text.match(/[\p{Cc}--\s]/gv)?.length ?? 0;
  if (controls > text.length * CONTROLS_SHARE_MAX) throw new ExtractError('broken');
  return text.replaceAll('\u0000', '');
}

/**
 * The text of a file, by its byte order mark, else by what its server says, else by what it says of itself, else UTF-8
 * where it is that, else windows-1252.
 */
function decode(bytes: Uint8Array, contentType: string | null): string {
  const told = /charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(contentType ?? '')?.[1];
  const decoder = decoderOf(markOf(bytes)) ?? decoderOf(told) ?? decoderOf(selfToldOf(bytes));
  return (decoder ?? new TextDecoder(guessOf(bytes))).decode(bytes);
}

function markOf([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xff && second === 0xfe ? 'utf-16le' : undefined;
}

function selfToldOf(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, META_BYTES)).toString('latin1');
  const told = /<meta[^>]{1,500}charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(start)?.[1];
  // Who can read this in single bytes does not read UTF-16 (HTML, "prescan a byte stream").
  return told && /^utf-?16/i.test(told) ? 'utf-8' : told;
}

function guessOf(bytes: Uint8Array): string {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

function decoderOf(label: string | undefined) {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}
