/**
 * Importing this file sends what the process fetches from Shopify's hosts to a fake Shopify instead: to the one that
 * registered the host, or, in a process of its own (`node --import …`), to the one that FAKE_SHOPIFY_URL names. A host of
 * Shopify's that nobody registered is not there, as a name that does not resolve.
 */
const fakes = new Map<string, string>();
const everything = process.env.FAKE_SHOPIFY_URL;
const real = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const request = input instanceof Request ? input : undefined;
  const url = new URL(request ? request.url : input.toString());
  if (!url.hostname.endsWith('.myshopify.com') && url.hostname !== 'partners.shopify.com') return real(input, init);
  const fake = everything ?? fakes.get(url.hostname);
  if (!fake) throw new TypeError('fetch failed', { cause: new Error(`getaddrinfo ENOTFOUND ${url.hostname}`) });
  const headers = new Headers(init?.headers ?? request?.headers);
  headers.set('x-fake-host', url.hostname);
  const target = fake + url.pathname + url.search;
  return real(request ? new Request(target, request) : target, { ...init, headers });
};

/** From now on this host is the fake at `url`. */
export const registerHost = (host: string, url: string): void => void fakes.set(host, url);

/** The host of a fake that has stopped is there no more. */
export function forgetHostsOf(url: string): void {
  for (const [host, known] of fakes) if (known === url) fakes.delete(host);
}
