import type { CrawlReason } from '@confab/contract';
import { ExtractError, type Extracted, type Extractor } from '../../lib/extract/extract.ts';
import { normalAddress } from './addresses.ts';
import { type Ask, AskError, readBody, reasonOf, retryAfterOf, robotsTagOf } from './ask.ts';
import type { PageRow } from './store.ts';

/** As much as is read of one page or file, after decompression. */
const PAGE_BYTES_MAX = 5 * 1024 * 1024;

/** A page leads on so many times before we give up. */
const HOPS_MAX = 5;

/** As many links as are taken from one page. */
const LINKS_MAX = 2_000;

export type Link = { url: string; hops?: number; locale?: string | null };

type Read = { bytes: number; links: Link[] };

/** What came of asking for a page. */
export type Visit =
  /** It can be read. `original` is the page of the site that it names as the one to be taken in its place. */
  | (Read & {
      kind: 'read';
      extracted: Extracted;
      original: string | undefined;
      etag: string | null;
      lastModified: string | null;
    })
  | { kind: 'unchanged' }
  /** It is not for the knowledge, or only not for now: then what was known of it stays. */
  | (Read & { kind: 'left'; reason: CrawlReason; target?: string; isForNow?: boolean })
  /** There was no answer that says anything of the page. */
  | { kind: 'missed'; reason: CrawlReason; isSetback: boolean; retryAfterS?: number | undefined };

type Deps = { ask: Ask; extractor: Pick<Extractor, 'extract'>; now: () => Date };

/** Asks for one page as HTTP has it, and reads it. Throws nothing but the signal's reason and faults of our own. */
export function createVisit({ ask, extractor, now }: Deps) {
  return async function visit(
    page: Pick<PageRow, 'url' | 'hops' | 'etag' | 'lastModified'>,
    { origins, isKnown, signal }: { origins: Set<string>; isKnown: boolean; signal: AbortSignal },
  ): Promise<Visit> {
    const headers = {
      Accept: 'text/html,application/xhtml+xml,application/pdf;q=0.8,text/plain;q=0.7,text/markdown;q=0.7,*/*;q=0.1',
      ...(isKnown && page.etag !== null && { 'If-None-Match': page.etag }),
      ...(isKnown && page.lastModified !== null && { 'If-Modified-Since': page.lastModified }),
    };
    try {
      // Read outside of the request, whose time is over when its last byte is there.
      const answer = await ask(page.url, { origins, headers, signal }, async ({ status, headers, body }) => {
        const robots = robotsTagOf(headers);
        if (status === 304) return robots.noindex ? left('noindex') : { kind: 'unchanged' as const };
        if (status >= 300 && status < 400) return redirected(page, status, headers, origins);
        const reason = reasonOf(status);
        if (reason === 'gone') return left('gone');
        if (reason !== undefined) {
          const isSetback = reason !== 'refused';
          return { kind: 'missed' as const, reason, isSetback, retryAfterS: retryAfterOf(headers, now()) };
        }
        const contentType = headers.get('Content-Type');
        const format = formatOf(contentType, page.url);
        if (format === undefined) return left('not_a_page');
        return {
          kind: 'body' as const,
          format,
          contentType,
          bytes: await readBody(body, PAGE_BYTES_MAX),
          robots,
          headers,
        };
      });
      if (answer.kind !== 'body') return answer;
      const { format, bytes, contentType, robots } = answer;
      const extracted = await extractor.extract({ kind: format, bytes, url: page.url, contentType }, signal);
      return judge(page, extracted, {
        bytes: bytes.length,
        noindex: robots.noindex || extracted.noindex,
        nofollow: robots.nofollow || extracted.nofollow,
        origins,
        etag: shortHeader(answer.headers, 'ETag'),
        lastModified: shortHeader(answer.headers, 'Last-Modified'),
      });
    } catch (error) {
      if (error instanceof AskError)
        return { kind: 'missed', reason: error.code, isSetback: error.code !== 'too_large' };
      if (error instanceof ExtractError) {
        if (error.code === 'empty') return left('empty');
        if (error.code === 'unsupported') return left('not_a_page');
        if (error.code === 'encrypted') return left('encrypted');
        return { kind: 'missed', reason: error.code === 'too_large' ? 'too_large' : 'unreadable', isSetback: false };
      }
      throw error;
    }
  };
}

const left = (reason: CrawlReason): Visit => ({ kind: 'left', reason, bytes: 0, links: [] });

/** A redirect is never followed on the spot: where it leads is one more address, which waits like any other. */
function redirected(
  page: Pick<PageRow, 'url' | 'hops'>,
  status: number,
  headers: Headers,
  origins: Set<string>,
): Visit {
  const location = headers.get('Location');
  const target = location === null ? undefined : normalAddress(location, page.url);
  // Whoever moves for a while (to a page that says so, or to a form to sign in) may come back.
  const isForNow = status !== 301 && status !== 308;
  const step = { kind: 'left' as const, bytes: 0, links: [], isForNow };
  if (target === undefined) return { ...step, reason: 'server_error', isForNow: true };
  if (!origins.has(new URL(target).origin)) return { ...step, reason: 'redirect_off_site' };
  if (target === page.url) return { ...step, reason: 'redirect_loop' };
  if (page.hops >= HOPS_MAX) return { ...step, reason: 'too_many_redirects' };
  return { ...step, reason: 'redirected', target, links: [{ url: target, hops: page.hops + 1 }] };
}

type Judged = {
  bytes: number;
  noindex: boolean;
  nofollow: boolean;
  origins: Set<string>;
  etag: string | null;
  lastModified: string | null;
};

/** What a page that was read says of itself. */
function judge(
  page: Pick<PageRow, 'url' | 'hops'>,
  extracted: Extracted,
  { noindex, nofollow, origins, bytes, etag, lastModified }: Judged,
): Visit {
  const isOurs = (address: string | undefined): address is string =>
    address !== undefined && origins.has(new URL(address).origin);
  const links: Link[] = [];
  for (const { locale, url: alternate } of extracted.alternates) {
    const address = normalAddress(alternate, page.url);
    if (isOurs(address)) links.push({ url: address, locale: locale === 'x-default' ? null : locale });
  }
  for (const link of nofollow ? [] : extracted.links) {
    const address = normalAddress(link, page.url);
    if (isOurs(address)) links.push({ url: address });
  }
  const read = { bytes, links: links.slice(0, LINKS_MAX) };
  if (noindex) return { kind: 'left', reason: 'noindex', ...read };
  const canonical = extracted.canonical === null ? undefined : normalAddress(extracted.canonical, page.url);
  // What a page says of somebody else's site is not for us to follow: it is taken under its own address.
  const original = isOurs(canonical) && canonical !== page.url && page.hops < HOPS_MAX ? canonical : undefined;
  if (original !== undefined) read.links.unshift({ url: original, hops: page.hops + 1 });
  return { kind: 'read', extracted, original, etag, lastModified, ...read };
}

/** A validator is sent back as it came; one that is no header any more is not worth it. */
function shortHeader(headers: Headers, name: string): string | null {
  const value = headers.get(name);
  return value !== null && value.length <= 300 && /^[\x20-\x7e]*$/.test(value) ? value : null;
}

/** A content type decides; without one, a page is what the web has most of. */
function formatOf(contentType: string | null, url: string): 'html' | 'pdf' | 'markdown' | 'text' | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html';
  if (type === 'application/pdf') return 'pdf';
  if (type === 'text/markdown' || type === 'text/x-markdown') return 'markdown';
  if (type === 'text/plain') return /\.md$/i.test(new URL(url).pathname) ? 'markdown' : 'text';
  return type === '' ? 'html' : undefined;
}
