import { z } from 'zod';
import { timestamp, webUrl } from './primitives.ts';

/** What a crawl may take, where the owner says nothing else. */
export const CRAWL_LIMITS_DEFAULT = { pages: 500, depth: 5, bytes: 100 * 1024 * 1024 };

/** Most sources of one site. */
export const SOURCES_MAX = 20;

const limits = {
  pages: z.int().min(1).max(5_000).describe('so many pages are asked for in one crawl'),
  depth: z.int().min(0).max(10).describe('so many links away from the start, or from a page of a sitemap'),
  bytes: z
    .int()
    .min(1_000_000)
    .max(1024 * 1024 * 1024)
    .describe('of all pages of one crawl'),
};

/** The address of a site, or of one sitemap of it: then only what that lists is crawled. */
export const sourceRequest = z.strictObject({
  url: webUrl,
  limits: z
    .strictObject({
      pages: limits.pages.default(CRAWL_LIMITS_DEFAULT.pages),
      depth: limits.depth.default(CRAWL_LIMITS_DEFAULT.depth),
      bytes: limits.bytes.default(CRAWL_LIMITS_DEFAULT.bytes),
    })
    .default(CRAWL_LIMITS_DEFAULT),
});

/**
 * Why a page is not in the knowledge, a sitemap was not read to its end, or a crawl ended early; each with what the owner
 * of a shop is told. The codes are stable.
 */
export const crawlReasons = {
  robots: 'The site’s robots.txt asks crawlers to leave this alone.',
  noindex: 'The page asks not to be indexed.',
  duplicate: 'The page names another one as its original, and that one is taken.',
  redirected: 'The page leads on to another address of the site, and that one is taken.',
  redirect_off_site:
    'The page leads on to an address that is none of the site’s. Add that address to the site, if it is yours.',
  redirect_loop: 'The page leads on to itself, or round in a circle.',
  too_many_redirects: 'The page leads on from one address to the next without an end.',
  known_from_plugin: 'The site’s plugin has brought this page already.',
  not_a_page: 'This is no page to read: a picture, a file, or a feed.',
  empty: 'There is no text to read on the page.',
  too_large: 'It is larger than what is read of one page or sitemap.',
  unreadable: 'The page could not be read: it is broken, or takes too long to work through.',
  encrypted: 'The file is protected by a password.',
  gone: 'The page is not there any more.',
  refused: 'The site refuses this page to crawlers or asks for a password.',
  server_error: 'The site answered with an error of its own.',
  too_many_requests: 'The site asks to be left alone for a while.',
  timed_out: 'The answer took too long.',
  connection_failed: 'No connection to the site could be made, or it broke.',
  name_not_found: 'The site’s name is not known on the internet.',
  certificate: 'The site’s certificate is not valid, so the connection would not be safe.',
  private_address: 'The site’s name leads to an address that is not on the public internet.',
  page_limit: 'The limit of pages was reached before this one.',
  depth_limit: 'Some pages lie more links away from the start than the limit allows.',
  too_many_variants:
    'Many addresses differ by their query or date only, as those of filters and calendars do. Some were left out.',
  no_sitemap: 'There is no sitemap at this address.',
  broken_sitemap: 'The sitemap is not well-formed. What stands before the fault was used.',
  not_a_sitemap: 'What is at this address is not a sitemap.',
  too_many_sitemaps: 'There are more sitemaps than are read in one crawl.',
  off_site: 'A sitemap lists addresses that are none of the site’s. They were left out.',
  site_unreachable: 'The site could not be reached. What was known of it before stays for a week.',
  went_down: 'The site stopped answering during the crawl. What was known of it before stays; the next crawl goes on.',
  robots_unreachable: 'The site’s robots.txt could not be read, and without it nothing may be crawled.',
  robots_all: 'The site’s robots.txt asks crawlers to leave the whole site alone. Allow “ConfabBot” there.',
  asked_to_wait: 'The site asked to be left alone for longer than a crawl waits. The next one goes on.',
  byte_limit: 'The limit of bytes was reached.',
  not_allowed: 'The address is none of the site’s any more.',
  nothing_found: 'No page to read was found.',
  internal: 'Something went wrong on our side. The next crawl tries again.',
} as const satisfies Record<string, string>;

export type CrawlReason = keyof typeof crawlReasons;
export const crawlReason = z.enum(Object.keys(crawlReasons) as [CrawlReason, ...CrawlReason[]]);

const explained = { code: crawlReason, message: z.string().describe('the same in words') };
const outcome = z.enum(['skipped', 'failed']);

/** A source, and how its crawl under way stands, or how its latest one ended. */
export const sourceSchema = z.object({
  sourceId: z.uuid(),
  url: z.string(),
  kind: z.enum(['site', 'sitemap']),
  limits: z.object({ pages: z.int(), depth: z.int(), bytes: z.int() }),
  createdAt: timestamp,
  state: z.enum(['waiting', 'crawling', 'idle']),
  startedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
  ended: z
    .object({ completed: z.boolean(), reason: z.object(explained).nullable() })
    .nullable()
    .describe('how the latest crawl ended; null before there is one, and while one is under way'),
  lastCompletedAt: timestamp.nullable().describe('when a crawl last came to its end: how fresh it is'),
  nextCrawlAt: timestamp,
  counts: z.object({
    found: z.int(),
    waiting: z.int(),
    fetched: z.int(),
    unchanged: z.int(),
    skipped: z.int(),
    failed: z.int(),
    documents: z.int().describe('pages that the knowledge holds of this source'),
    bytes: z.int(),
  }),
  reasons: z.array(z.object({ outcome, ...explained, count: z.int() })).describe('of pages skipped and failed'),
  notices: z.array(z.object(explained)).describe('what else the owner should know of this crawl'),
});
export type Source = z.infer<typeof sourceSchema>;

export const sourcePage = z.object({ items: z.array(sourceSchema), nextCursor: z.string().nullable() });
export type SourcePage = z.infer<typeof sourcePage>;

/** One source, with its sitemaps and some of the pages that were left out. */
export const sourceDetails = sourceSchema.extend({
  sitemaps: z.array(
    z.object({
      url: z.string(),
      state: z.enum(['waiting', 'fetched', 'skipped', 'failed']),
      urls: z.int().describe('so many addresses were taken from it'),
      reason: z.object(explained).nullable(),
    }),
  ),
  examples: z.array(z.object({ url: z.string(), outcome, ...explained })),
});
export type SourceDetails = z.infer<typeof sourceDetails>;
