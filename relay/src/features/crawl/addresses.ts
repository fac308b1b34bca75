import type { Site } from '../sites/index.ts';

/** No address of a page is longer, and none that is gets crawled. */
const ADDRESS_MAX = 2_048;

/** Tells who sent the visitor, or who they are; never what the page says. */
const IDLE_PARAMETER =
  /^(utm_\w+|gclid|gbraid|wbraid|dclid|fbclid|msclkid|yclid|ttclid|twclid|igshid|mc_cid|mc_eid|_ga|_gl|_hsenc|_hsmi|mkt_tok|srsltid|phpsessid|jsessionid|aspsessionid\w*|sessionid|session_id|sid)$/i;

/**
 * One address for the same page, or nothing where it is none to crawl: not of the web, with a password, too long. Careful:
 * only what cannot choose another page goes (fragment, tracking, session ids). A trailing slash, the order of a query and
 * the case of a path may choose one, and stay.
 */
export function normalAddress(address: string, base?: string): string | undefined {
  if (!URL.canParse(address, base)) return undefined;
  const url = new URL(address, base);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) return undefined;
  url.hash = '';
  url.pathname = url.pathname.replace(/;jsessionid=[^/]*/gi, '');
  const kept = url.search
    .slice(1)
    .split('&')
    .filter(pair => pair !== '' && !IDLE_PARAMETER.test(pair.split('=', 1)[0] as string));
  url.search = kept.join('&');
  url.hostname = url.hostname.replace(/\.$/, '');
  const normal = url.href.replace(/%[\da-f]{2}/g, escaped => escaped.toUpperCase());
  return normal.length <= ADDRESS_MAX ? normal : undefined;
}

/**
 * The only origins that a crawl of this site may ask anything of: where its plugin says it is, and those that may show its
 * widget; these also by https where they are written by http.
 */
export function originsOf(
  { homeUrl, settings }: Pick<Site, 'homeUrl' | 'settings'>,
  relayOrigin?: string,
): Set<string> {
  const written = [...(homeUrl === null ? [] : [homeUrl]), ...settings.allowedOrigins].map(each =>
    each === 'self' ? (relayOrigin ?? '') : each,
  );
  const origins = written.filter(each => URL.canParse(each)).map(each => new URL(each).origin);
  return new Set(origins.flatMap(origin => [origin, origin.replace(/^http:\/\/([^:]+)$/, 'https://$1')]));
}

/** So many pages of one family are crawled. */
export const FAMILY_MAX = 50;

/**
 * The family of pages that could go on for ever: those that differ by their query only, as filters do, and the archives of a
 * calendar. An article under its date is in none.
 */
export function familyOf(address: string): string | null {
  const { origin, pathname, search } = new URL(address);
  if (search !== '') return `${origin}${pathname}?`;
  const calendar = /^(.*?)\/(?:19|20|21)\d\d(?:[/-]\d{1,2}){0,2}(?:\/page\/\d+)?\/?$/.exec(pathname);
  if (calendar) return `${origin}${calendar[1]}/#`;
  return null;
}

const SEGMENTS_MAX = 15;

/** Whether the path repeats itself, as wrong relative links make it do: `/shop/shop/shop/…`. */
export function isEndless(address: string): boolean {
  const segments = new URL(address).pathname.split('/').filter(Boolean);
  const times = new Map<string, number>();
  for (const segment of segments) times.set(segment, (times.get(segment) ?? 0) + 1);
  return segments.length > SEGMENTS_MAX || Math.max(0, ...times.values()) > 2;
}

/** Files that no text is read of: not worth a request. */
const FILE =
  /\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|mp[34]|m4[av]|webm|ogg|wav|avi|mov|zip|gz|tgz|rar|7z|dmg|exe|msi|apk|iso|css|m?js|json|woff2?|ttf|eot|docx?|xlsx?|pptx?|rss|atom)$/i;

export const isFile = (address: string): boolean => FILE.test(new URL(address).pathname);

/** Whether an address says by itself that it is a sitemap. */
export const looksLikeSitemap = (address: string): boolean =>
  /\.xml(?:\.gz)?$|sitemap[^/]*\.txt(?:\.gz)?$/i.test(new URL(address).pathname);
