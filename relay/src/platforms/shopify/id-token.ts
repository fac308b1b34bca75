import { AppError } from '../../lib/app-error.ts';
import type { Api } from './api.ts';
import { shopDomainOf } from './shop-domain.ts';

export type VerifyIdToken = ReturnType<typeof createVerifyIdToken>;

/** Which shop an ID token of Shopify's admin speaks for. */
export type Proven = {
  domain: string;
  /** When Shopify said so. */
  at: Date;
};

/**
 * Checks the ID token by which the Shopify admin says which shop’s staff looks at the app. Throws 401
 * `unauthorized`. Signature, times and addressee are the SDK's check; that it was issued by the very shop that it is
 * for, it leaves to us. The SDK's own error is not passed on: its message holds the token.
 */
export const createVerifyIdToken =
  (api: Api) =>
  async (token: string): Promise<Proven> => {
    const claims = await api.session.decodeSessionToken(token).catch(() => undefined);
    const issuer = URL.parse(String(claims?.iss));
    const shop = URL.parse(String(claims?.dest));
    const domain = shopDomainOf(shop?.host);
    const isWhole = typeof claims?.exp === 'number' && typeof claims.iat === 'number' && typeof claims.sub === 'string';
    const isOneShop = issuer?.host === shop?.host && issuer?.protocol === 'https:' && shop?.protocol === 'https:';
    if (!claims || !isWhole || !isOneShop || domain === undefined) throw outOfDate();
    return { domain, at: new Date(claims.iat * 1_000) };
  };

/** What is told for every ID token that is not good (any more); App Bridge then fetches a new one. */
export const outOfDate = () =>
  new AppError('unauthorized', 'The Shopify admin’s proof of who you are is missing or out of date. Reload the page.');
