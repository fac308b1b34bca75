import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readSitemap, type SitemapEntry } from './sitemap.ts';

async function* inPieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  file: string | Uint8Array,
  { size, most = Infinity, maxBytes }: { size?: number; most?: number; maxBytes?: number } = {},
) {
  const entries: SitemapEntry[] = [];
  let largest = 0;
  const fault = await readSitemap(inPieces(Buffer.from(file as string), size), {
    take: async given => {
      largest = Math.max(largest, given.length);
      entries.push(...given);
      return entries.length < most;
    },
    ...(maxBytes !== undefined && { maxBytes }),
  });
  return { fault, urls: entries.map(({ url }) => url), entries, largest };
}

const urlset = (inner: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">${inner}</urlset>`;
const url = (address: string) => `<url><loc>${address}</loc></url>`;

describe('a sitemap', () => {
  const two = urlset(
    `<url><loc> https://a.example/ü?x=1&amp;y=2 </loc><image:image xmlns:image="i"><image:loc>https://a.example/i.jpg</image:loc></image:image></url>` +
      '<url><loc><![CDATA[https://a.example/b]]></loc><xhtml:link rel="alternate" hreflang="de" href="https://a.example/de/b"/></url>',
  );
  const entries = [
    { kind: 'page', url: 'https://a.example/ü?x=1&y=2', locale: null },
    { kind: 'page', url: 'https://a.example/b', locale: null },
    { kind: 'page', url: 'https://a.example/de/b', locale: 'de' },
  ];

  it('gives its pages and their translations, cut anywhere, also gzipped', async () => {
    for (const file of [two, `\uFEFF\n${two}`, gzipSync(two)]) {
      for (const size of [1, 7, 1_000_000])
        expect(await read(file, { size })).toMatchObject({ fault: undefined, entries });
    }
  });

  it('may be an index of others', async () => {
    const index = '<sitemapindex><sitemap><loc>https://a.example/1.xml</loc></sitemap></sitemapindex>';
    expect((await read(index)).entries).toEqual([{ kind: 'sitemap', url: 'https://a.example/1.xml', locale: null }]);
  });

  it('may be a text with one address on each line', async () => {
    const file = '\uFEFFhttps://a.example/1\r\n\r\nhttps://a.example/2';
    expect(await read(file, { size: 3 })).toMatchObject({
      fault: undefined,
      urls: ['https://a.example/1', 'https://a.example/2'],
    });
  });

  it('of a million pages is read piece by piece, and no further than is wanted', async () => {
    let pieces = 0;
    async function* endless() {
      yield Buffer.from('<urlset>');
      for (; ; pieces += 1) yield Buffer.from(url(`https://a.example/${pieces}`).repeat(100));
    }
    let taken = 0;
    const fault = await readSitemap(endless(), {
      take: async given => {
        expect(given.length).toBeLessThanOrEqual(500);
        taken += given.length;
        return taken < 2_000;
      },
    });
    expect({ fault, taken, pieces: pieces < 30 }).toEqual({ fault: undefined, taken: 2_000, pieces: true });
  });

  it('that never ends stops at the limit, and gives what it had', async () => {
    const file = urlset(url('https://a.example/1') + '<url><lastmod>2026</lastmod></url>'.repeat(10_000));
    expect(await read(file, { size: 1_000, maxBytes: 20_000 })).toMatchObject({
      fault: 'too_large',
      urls: ['https://a.example/1'],
    });
  });

  it('that is a gzip bomb stops at the limit', async () => {
    const bomb = gzipSync(urlset(url('https://a.example/1') + ' '.repeat(30_000_000)));
    expect(bomb.length).toBeLessThan(50_000);
    expect((await read(bomb, { size: 1_000, maxBytes: 1_000_000 })).fault).toBe('too_large');
  });

  it('that nests without end, or has a tag of attributes without end, is broken and fills no memory', async () => {
    const names = Array.from({ length: 2_000 }, (_, at) => ` a${at}=""`).join('');
    for (const start of ['<urlset>', '<sitemapindex>']) {
      const piece = { size: 1_000 };
      expect((await read(`${start}${'<a>'.repeat(2_000)}`, piece)).fault).toBe('broken_sitemap');
      const left = { read: 0 };
      const endless = async function* () {
        yield Buffer.from(`${start}<url`);
        for (; left.read < 50; left.read += 1) yield Buffer.from(names.replaceAll('a', `a${left.read}x`));
      };
      expect(await readSitemap(endless(), { take: async () => true })).toBe('broken_sitemap');
      expect(left.read).toBe(0);
    }
  });

  it('that names languages which are none gives the pages without them', async () => {
    const link = (language: string) =>
      `<xhtml:link rel="alternate" hreflang="${language}" href="https://a.example/b"/>`;
    const { entries: found } = await read(
      urlset(['x-default', 'de_AT', 'the language', '\0', 'e'.repeat(5_000)].map(link).join('')),
    );
    expect(found.map(({ locale }) => locale)).toEqual([null, 'de-AT', null, null, null]);
  });

  it('that is broken gives what stands before the fault', async () => {
    const before = url('https://a.example/1');
    for (const after of [
      '<url><loc>https://a.example/2</url>',
      '<<<',
      '&unknown;',
      '<url',
      '<url/></urlset></urlset>',
    ]) {
      expect(await read(`<urlset>${before}${after}`)).toMatchObject({
        fault: 'broken_sitemap',
        urls: ['https://a.example/1'],
      });
    }
    const cut = gzipSync(urlset(before)).subarray(0, -20);
    expect((await read(cut)).fault).toBe('broken_sitemap');
    expect((await read(Buffer.from([0x1f, 0x8b, 1, 2, 3, 4]))).fault).toBe('broken_sitemap');
  });

  it('expands no entity, and fetches none', async () => {
    const laughs = Array.from({ length: 20 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join('');
    for (const doctype of [
      `<!DOCTYPE urlset [<!ENTITY l0 "https://a.example/">${laughs}]>`,
      '<!DOCTYPE urlset [<!ENTITY l20 SYSTEM "file:///etc/passwd">]>',
      '<!DOCTYPE urlset SYSTEM "http://169.254.169.254/">',
    ]) {
      for (const address of ['&l20;', 'https://a.example/1']) {
        expect(await read(`<?xml version="1.0"?>${doctype}<urlset>${url(address)}</urlset>`)).toMatchObject({
          fault: 'broken_sitemap',
          urls: [],
        });
      }
    }
  });

  it('that is something else is none', async () => {
    const others = [
      '<!DOCTYPE html><html><body><loc>https://a.example/</loc></body></html>',
      '<html><loc>https://a.example/</loc></html>',
      '<rss><channel><link>https://a.example/</link></channel></rss>',
      '{"urls":["https://a.example/"]}',
      'just words',
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 0xff, 0xfe]),
    ];
    for (const file of others) expect(await read(file)).toMatchObject({ fault: 'not_a_sitemap', urls: [] });
    expect((await read(`https://a.example/${'x'.repeat(10_000)}`, { size: 100 })).fault).toBe('not_a_sitemap');
  });

  it('that is empty has no pages and no fault', async () => {
    for (const file of ['', ' \n', urlset('')]) expect(await read(file)).toMatchObject({ fault: undefined, urls: [] });
  });
});
