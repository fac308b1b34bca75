import { shopDomainOf, storeNameOf } from '../shop-domain.ts';
import { ROOT } from './page.ts';

/** A token that App Bridge has fetched a moment ago and that is not good still: fetching one more helps nobody. */
const BOUNCED_MS = 60_000;

/** What the Shopify admin, or App Bridge, puts into an address itself. It is not handed on. */
const NOT_OURS = ['id_token', 'hmac', 'session', 'timestamp', 'bounced', 'shopify-reload'];

export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** The same twice is the same: our script keeps in its addresses what the admin puts there as well. */
export const withoutRepeats = (query: Query): Query =>
  Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      new Set([value].flat()).size === 1 ? [value].flat()[0] : value,
    ]),
  );

/** What to do with a document that a browser asks for, as far as its address tells. */
export type Asked =
  | { step: 'refuse' }
  /** It is not shown inside the Shopify admin: go there. */
  | { step: 'enter'; to: string }
  /** App Bridge has to fetch an ID token; `again` is where it has just done that. */
  | { step: 'bounce'; to: string; again: boolean; domain: string }
  | { step: 'prove'; idToken: string; domain: string };

/**
 * Reads the address of a document. Nothing of it is trusted: `shop` is a name of a shop or nothing, and who asks is
 * proven by the ID token alone.
 */
export function askedOf(path: string, query: Query, { apiKey, origin, now }: Place): Asked {
  const domain = shopDomainOf(query.shop);
  if (!domain) return { step: 'refuse' };
  if (query.embedded !== '1') return { step: 'enter', to: adminAddress(domain, apiKey, path) };
  const idToken = query.id_token;
  if (typeof idToken === 'string' && idToken !== '') return { step: 'prove', idToken, domain };
  return bounceFrom(path, query, { origin, now });
}

export type Place = { apiKey: string; origin: string; now: Date };

/** By way of a page that fetches an ID token; `again` where that was done a moment ago. */
export function bounceFrom(path: string, query: Query, { origin, now }: Omit<Place, 'apiKey'>): Asked {
  const domain = shopDomainOf(query.shop);
  if (!domain) return { step: 'refuse' };
  const bouncedAt = Number(query.bounced);
  const again = Math.abs(now.getTime() - bouncedAt) < BOUNCED_MS;
  const kept = Object.entries(query).filter(
    (entry): entry is [string, string] => !NOT_OURS.includes(entry[0]) && typeof entry[1] === 'string',
  );
  const own = new URLSearchParams([...kept, ['bounced', String(now.getTime())]]);
  const context = new URLSearchParams(kept.filter(([name]) => CONTEXT.includes(name)));
  context.set('shopify-reload', `${origin}${path}?${own}`);
  return { step: 'bounce', to: `${ROOT}/bounce?${context}`, again, domain };
}

/** What App Bridge needs to know where it is. */
const CONTEXT = ['shop', 'host', 'embedded', 'locale'];

/**
 * Whether App Bridge may bring an ID token to this address: it goes to wherever the page's address says, so that address
 * has to be one of ours.
 */
export function isOurs(reload: unknown, origin: string): boolean {
  const url = typeof reload === 'string' ? URL.parse(reload) : null;
  return url?.origin === origin && (url.pathname === ROOT || url.pathname.startsWith(`${ROOT}/`)) && !url.username;
}

/** Where the app's page is inside the admin of the shop. */
export function adminAddress(domain: string, apiKey: string, path = ROOT): string {
  const app = `https://admin.shopify.com/store/${storeNameOf(domain)}/apps/${apiKey}`;
  return path === ROOT ? app : `${app}${path}`;
}

/** The ID token of `Authorization: Bearer …`; nothing where there is none. */
export function tokenOf(authorization: string): string | undefined {
  return /^Bearer ([\w-]{1,2000}\.[\w-]{1,4000}\.[\w-]{1,500})$/i.exec(authorization)?.[1];
}

/**
 * What a page may load and where it may be shown: Shopify's two libraries and our own script, no script of the page
 * itself, inside the admin of this one shop. Polaris styles itself as it runs.
 */
export function policyOf(domain: string | undefined): string {
  const cdn = 'https://cdn.shopify.com';
  return [
    `frame-ancestors ${domain === undefined ? "'none'" : `https://${domain} https://admin.shopify.com`}`,
    "default-src 'none'",
    `script-src 'self' ${cdn}`,
    `style-src 'self' 'unsafe-inline' ${cdn}`,
    `font-src ${cdn}`,
    `img-src 'self' data: ${cdn}`,
    // App Bridge reports how fast the page was there.
    `connect-src 'self' ${cdn} https://monorail-edge.shopifysvc.com`,
    // Our script sends the forms: without it none must leave, with a key in the address.
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
}
