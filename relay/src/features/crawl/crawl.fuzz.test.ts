import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { asyncOf, damaged, damages, fuzz, hostileText, inPieces } from '../../../../e2e/fuzz.ts';
import { familyOf, isEndless, isFile, looksLikeSitemap, normalAddress } from './addresses.ts';
import { parseRobots } from './robots.ts';
import { readSitemap, type SitemapEntry } from './sitemap.ts';

/** What RFC 9309 says of these rules, written by other means: the longest that matches decides, and "allow" a tie. */
function verdictOf(rules: readonly [allow: boolean, pattern: string][], path: string): boolean {
  const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const matching = rules.filter(([, pattern]) => {
    const isAnchored = pattern.endsWith('$');
    const body = (isAnchored ? pattern.slice(0, -1) : pattern).split('*').map(escaped).join('.*');
    return new RegExp(`^${body}${isAnchored ? '$' : ''}`, 's').test(path);
  });
  const longest = Math.max(...matching.map(([, pattern]) => pattern.length));
  return matching.length === 0 || matching.some(([allow, pattern]) => allow && pattern.length === longest);
}

const piece = fc.constantFrom('/', 'a', 'b', '.', '-', '*', '$');
const pattern = fc.array(piece, { maxLength: 6 }).map(pieces => `/${pieces.join('')}`);
const path = fc.array(fc.constantFrom('/', 'a', 'b', '.', '-'), { maxLength: 8 }).map(pieces => `/${pieces.join('')}`);

async function read(bytes: Uint8Array, lengths: readonly number[], maxBytes?: number) {
  const entries: SitemapEntry[] = [];
  const take = async (found: SitemapEntry[]) => entries.push(...found) < 5_000;
  const fault = await readSitemap(asyncOf(inPieces(bytes, lengths)), { take, ...(maxBytes && { maxBytes }) });
  return { entries, fault };
}

const sitemap = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
${Array.from({ length: 6 }, (_, at) => `<url><loc>https://shop.example/päge/${at}?a=1&amp;b=2</loc><xhtml:link rel="alternate" hreflang="de-AT" href="https://shop.example/de/${at}"/></url>`).join('\n')}
</urlset>`;
const entities = `<!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 12 }, (_, at) => `<!ENTITY b${at} "${`&${at ? `b${at - 1}` : 'a'};`.repeat(10)}">`).join('')}]>`;
const SOURCES = [
  sitemap,
  sitemap.replaceAll('urlset', 'sitemapindex').replaceAll('<url>', '<sitemap>').replaceAll('</url>', '</sitemap>'),
  sitemap.replace('<urlset', `${entities}<urlset`).replace('päge', '&b11;'),
  `https://shop.example/a\nhttps://shop.example/b\n\n  https://shop.example/ç  \n`,
  '<html><body>No sitemap</body></html>',
].map(text => Buffer.from(text));
const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });

describe('what a crawl reads of others', () => {
  fuzz(
    'the rules of a robots.txt say what RFC 9309 says of them',
    [fc.array(fc.tuple(fc.boolean(), pattern), { maxLength: 6 }), path, fc.constantFrom('\n', '\r\n', '\r')],
    (rules, asked, end) => {
      const lines = ['User-agent: *', ...rules.map(([allow, rule]) => `${allow ? 'Allow' : 'Disallow'}: ${rule}`)];
      // A "$" that is not at the end is a sign like any other, and so it is for what we compare with.
      expect(parseRobots(lines.join(end), 'ConfabBot').allows(asked)).toBe(verdictOf(rules, asked));
    },
    { runs: 2_000 },
  );

  fuzz('any text is a robots.txt', [hostileText(), hostileText({ max: 200 })], (text, asked) => {
    const robots = parseRobots(`User-agent: *\nDisallow: ${text}\nSitemap: ${text}\n${text}`, 'ConfabBot/1.0');
    expect(typeof robots.allows(`/${asked}`)).toBe('boolean');
    expect(robots.crawlDelay === undefined || robots.crawlDelay >= 0).toBe(true);
  });

  fuzz(
    'a sitemap says the same, however the network cuts it, and gzipped',
    [fc.constantFrom(...SOURCES), damages(), lengths, fc.boolean()],
    async (source, done, sizes, isZipped) => {
      const bytes = damaged(source, done);
      const whole = await read(bytes, [bytes.length]);
      expect(await read(isZipped ? gzipSync(bytes) : bytes, sizes)).toEqual(whole);
      for (const { url } of whole.entries) expect(url.length).toBeLessThanOrEqual(4_096);
      if (Buffer.from(bytes).includes('<!ENTITY'))
        expect(whole.entries.map(({ url }) => url).join()).not.toContain('aaaaaaaaaa');
    },
  );

  fuzz(
    'a file that is broken on its way is a sitemap that is, and no fault',
    [fc.constantFrom(...SOURCES), damages({ min: 1 }), lengths],
    async (source, done, sizes) => {
      const { fault } = await read(damaged(gzipSync(source), done), sizes);
      expect([undefined, 'broken_sitemap', 'not_a_sitemap', 'too_large']).toContain(fault);
    },
  );

  fuzz(
    'no sitemap is read on that unpacks to more than it may',
    [fc.integer({ min: 1_000, max: 5_000 }), lengths],
    async (maxBytes, sizes) => {
      const bomb = gzipSync(`<urlset>${'<url><loc>https://shop.example/</loc></url>'.repeat(2_000)}</urlset>`);
      expect((await read(bomb, sizes, maxBytes)).fault).toBe('too_large');
    },
    { runs: 30 },
  );

  fuzz(
    'any address is one of the web without a password or fragment, the same when asked again, or none',
    [
      fc.oneof(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        hostileText({ max: 500 }),
        hostileText({ max: 300 }).map(text => `https://shop.example/${text}`),
        hostileText({ max: 300 }).map(text => `https://${text}@shop.example/?utm_source=${text}&x=${text}#${text}`),
      ),
    ],
    text => {
      const address = normalAddress(text, 'https://shop.example/base/');
      if (address === undefined) return;
      expect(address.length).toBeLessThanOrEqual(2_048);
      expect(normalAddress(address)).toBe(address);
      expect(new URL(address)).toMatchObject({
        username: '',
        password: '',
        hash: '',
        protocol: expect.stringMatching(/^https?:$/),
      });
      expect([familyOf(address), isEndless(address), isFile(address), looksLikeSitemap(address)]).toHaveLength(4);
    },
    { runs: 600 },
  );
});
