import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type CrawlReason, locale as languageTag } from '@confab/contract';
import sax from 'sax';

/** As large as sitemaps.org lets a sitemap be, uncompressed. */
export const SITEMAP_BYTES_MAX = 50 * 1024 * 1024;

export type SitemapEntry = { kind: 'page' | 'sitemap'; url: string; locale: string | null };

const ENTRIES = 500;
/** Longer than any address; what is longer is none. */
const TEXT_MAX = 4_096;
/** What is deeper, or has a tag with more attributes, is made to fill the memory of its reader. */
const XML_DEPTH_MAX = 20;
const ATTRIBUTES_MAX = 100;

type Options = {
  /** Takes some entries, in order; gives whether more are wanted. */
  take: (entries: SitemapEntry[]) => Promise<boolean>;
  maxBytes?: number;
};

/**
 * Reads a sitemap or an index of them piece by piece: XML or one address on each line, also where the file itself is
 * gzipped. Never holds more of it than a piece, expands no entity, and gives why it stopped before the end, if it did.
 */
export async function readSitemap(
  body: AsyncIterable<Uint8Array>,
  { take, maxBytes = SITEMAP_BYTES_MAX }: Options,
): Promise<CrawlReason | undefined> {
  const decoder = new TextDecoder();
  let reader: Reader | undefined;
  let entries: SitemapEntry[] = [];
  let start = '';
  let length = 0;
  try {
    for await (const chunk of unzipped(body)) {
      length += chunk.length;
      if (length > maxBytes) {
        await take(entries);
        return 'too_large';
      }
      const text = decoder.decode(chunk, { stream: true });
      if (reader) {
        reader.write(text);
      } else {
        start += text;
        // A byte order mark is the decoder's; blank space may stand before a text file.
        if (start.trimStart().length < 16) continue;
        reader = readerOf(start);
        reader.write(start.trimStart());
      }
      entries.push(...reader.taken());
      while (entries.length >= ENTRIES) {
        if (!(await take(entries.slice(0, ENTRIES)))) return undefined;
        entries = entries.slice(ENTRIES);
      }
      if (reader.fault) break;
    }
  } catch (error) {
    if (!isBrokenGzip(error)) throw error;
    await take(entries);
    return 'broken_sitemap';
  }
  if (!reader) {
    reader = readerOf(start);
    reader.write(start.trimStart());
  }
  if (!reader.fault) reader.end();
  entries.push(...reader.taken());
  if (entries.length > 0) await take(entries);
  return reader.fault;
}

/** Some servers send `sitemap.xml.gz` as a file, and not as an encoding: its first bytes tell. */
async function* unzipped(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  let next = await chunks.next();
  for (; !next.done && start.length < 2; next = await chunks.next()) start = Buffer.concat([start, next.value]);
  const rest = async function* () {
    yield start;
    for (; !next.done; next = await chunks.next()) yield next.value;
  };
  if (start[0] !== 0x1f || start[1] !== 0x8b) return yield* rest();
  const source = Readable.from(rest());
  const gunzip = createGunzip();
  source.once('error', error => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

const isBrokenGzip = (error: unknown): boolean =>
  /^Z_/.test(String((error as NodeJS.ErrnoException | null)?.code ?? ''));

type Reader = {
  write(text: string): void;
  end(): void;
  taken(): SitemapEntry[];
  readonly fault: CrawlReason | undefined;
};

const readerOf = (start: string): Reader => (/^\s*</.test(start) ? xmlReader() : textReader());

/** One address on each line, and nothing else. */
function textReader(): Reader {
  let entries: SitemapEntry[] = [];
  let line = '';
  let fault: CrawlReason | undefined;
  const add = (text: string) => {
    const url = text.trim();
    if (url === '' || fault) return;
    if (/^https?:\/\//i.test(url)) entries.push({ kind: 'page', url, locale: null });
    else fault = 'not_a_sitemap';
  };
  return {
    get fault() {
      return fault;
    },
    write(text) {
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const each of lines) add(each);
      if (line.length > TEXT_MAX) fault ??= 'not_a_sitemap';
    },
    end: () => add(line),
    taken() {
      const taken = entries;
      entries = [];
      return taken;
    },
  };
}

function xmlReader(): Reader {
  let entries: SitemapEntry[] = [];
  let fault: CrawlReason | undefined;
  let root: string | undefined;
  let text = '';
  let isLocation = false;
  let depth = 0;
  let attributesOfTag = 0;
  const parser = sax.parser(true);
  parser.onattribute = () => {
    attributesOfTag += 1;
    if (attributesOfTag > ATTRIBUTES_MAX) fault ??= 'broken_sitemap';
  };
  parser.onopentag = ({ name, attributes }) => {
    attributesOfTag = 0;
    depth += 1;
    if (depth > XML_DEPTH_MAX) fault ??= 'broken_sitemap';
    if (fault) return;
    const local = localName(name);
    root ??= local;
    if (root !== 'urlset' && root !== 'sitemapindex') fault ??= 'not_a_sitemap';
    text = '';
    // Images and videos have locations of their own, under another prefix.
    isLocation = local === 'loc' && !/^(image|video|news):/.test(name);
    const { href = '', hreflang = '', rel = '' } = attributes as Record<string, string>;
    if (!fault && local === 'link' && rel === 'alternate' && href !== '' && href.length <= TEXT_MAX) {
      // `x-default` is none, and neither is whatever else somebody writes there.
      const { data: locale = null } = languageTag.safeParse(hreflang.trim().replaceAll('_', '-'));
      entries.push({ kind: 'page', url: href.trim(), locale });
    }
  };
  const add = (more: string) => {
    if (isLocation && text.length <= TEXT_MAX) text += more;
  };
  parser.ontext = add;
  parser.oncdata = add;
  parser.onclosetag = () => {
    depth -= 1;
    const url = text.trim();
    if (!fault && isLocation && url !== '' && url.length <= TEXT_MAX) {
      entries.push({ kind: root === 'sitemapindex' ? 'sitemap' : 'page', url, locale: null });
    }
    isLocation = false;
  };
  // A sitemap needs none, and its entities are how small files become endless.
  parser.ondoctype = doctype => {
    fault ??= /^\s*html/i.test(doctype) ? 'not_a_sitemap' : 'broken_sitemap';
  };
  parser.onerror = () => {
    fault ??= root === 'urlset' || root === 'sitemapindex' ? 'broken_sitemap' : 'not_a_sitemap';
  };
  const parse = (work: () => unknown) => {
    if (fault) return;
    try {
      work();
    } catch {
      // sax throws again what it has told already.
      fault ??= 'broken_sitemap';
    }
  };
  return {
    get fault() {
      return fault;
    },
    write: more => parse(() => parser.write(more)),
    end: () => parse(() => parser.close()),
    taken() {
      const taken = entries;
      entries = [];
      return taken;
    },
  };
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1).toLowerCase();
