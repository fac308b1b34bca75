import apiFetch from '@wordpress/api-fetch';
import { type ApiError, type Client, queryOf, type RequestOptions } from '../../../shared/console/src/client.ts';
import type { Json } from '../../../shared/console/src/json.ts';
import { ask } from './api.ts';
import { addressOf, tabs } from './tabs.ts';

declare const __webpack_public_path__: string;

/** Where the plugin's REST routes are, as PHP says it on the page. */
const restUrl = () => document.getElementById('confab-admin')?.dataset.rest ?? '';

/**
 * How the screens of the console reach the relay from within WordPress: by its server, which has the site's secret. Plans
 * are chosen at the relay itself.
 */
export const clientOf = (relayUrl: string | undefined): Client => ({
  ...(relayUrl && URL.canParse(relayUrl) && { billing: new URL('/console/account/billing', relayUrl).href }),
  async request<Answer>(method: string, path: string, { query, body, ifMatch, signal }: RequestOptions = {}) {
    if (path === '/settings') return settings<Answer>(method, body, ifMatch);
    const answer = await ask<Answer>(method, `/relay${path}${queryOf(query)}`, body, signal);
    return { answer, etag: null };
  },
  download(path, query) {
    const { nonce } = (apiFetch as { nonceMiddleware?: { nonce: string } }).nonceMiddleware ?? {};
    const address = new URL(restUrl(), location.href);
    // Without pretty permalinks the route itself is a parameter.
    const route = address.searchParams.get('rest_route');
    if (route === null) address.pathname += `/relay${path}`;
    else address.searchParams.set('rest_route', `${route}/relay${path}`);
    for (const [name, value] of new URLSearchParams(queryOf({ ...query, _wpnonce: nonce }))) {
      address.searchParams.set(name, value);
    }
    return address.href;
  },
  // Whoever sees these screens may manage Confab; PHP asks again at each call.
  may: () => true,
  href: (screen, query) =>
    `${addressOf(tabs.find(tab => tab === screen) ?? 'home', location.search)}${queryOf(query).replace('?', '&')}`,
  get widgetUrl() {
    return new URL('../widget/', new URL(__webpack_public_path__, location.href)).href;
  },
});

/** The settings with their tag, which goes in the body here: proxies change headers. */
async function settings<Answer>(method: string, body: unknown, ifMatch: string | undefined) {
  try {
    const sent = method === 'GET' ? undefined : { settings: body, etag: ifMatch };
    const answer = await ask<{ settings: Json; etag: string }>(method, '/settings', sent);
    return { answer: answer.settings as Answer, etag: answer.etag };
  } catch (problem) {
    const error = problem as ApiError;
    throw error.code === 'conflict' ? { ...error, status: 412 } : error;
  }
}
