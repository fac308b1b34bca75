import '@shopify/shopify-api/adapters/node';
import { ApiVersion, LogSeverity, type Shopify as Sdk, shopifyApi } from '@shopify/shopify-api';
import { setAbstractFetchFunc } from '@shopify/shopify-api/runtime';
import type { Config } from '../../config.ts';

/** Of the Admin and the Storefront API. The tests check every operation against it, and against the one to come. */
export const API_VERSION = ApiVersion.October26;

/** No call of Shopify's takes longer: a token refresh keeps a row locked meanwhile. */
const CALL_MS = 10_000;

// The SDK has no time limit of its own. And a redirect would carry the shop's token to wherever it leads.
setAbstractFetchFunc(((input: string | URL | Request, init?: RequestInit) => {
  const limit = AbortSignal.timeout(CALL_MS);
  const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
  return fetch(input, { ...init, signal, redirect: 'error' });
}) as typeof fetch);

export type ShopifyConfig = NonNullable<Config['shopify']>;
export type Api = Sdk;

/** Shopify's SDK for this relay's app. It writes no log: its lines and its errors repeat tokens and what people wrote. */
export function createApi({ apiKey, apiSecret }: ShopifyConfig): Api {
  return shopifyApi({
    apiKey,
    apiSecretKey: apiSecret,
    apiVersion: API_VERSION,
    isEmbeddedApp: true,
    // Where its own OAuth would come back to; Shopify installs the app by itself (managed installation).
    hostName: 'relay.invalid',
    logger: { level: LogSeverity.Error, log: () => {} },
  });
}
