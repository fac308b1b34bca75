import { createHmac, randomUUID } from 'node:crypto';

/** What Shopify signs a webhook's body with. */
export const bodySignature = (body: string | Buffer, secret: string): string =>
  createHmac('sha256', secret).update(body).digest('base64');

/** What an app proxy signs: the sorted pairs, joined with nothing; values of one name joined by commas. */
export function proxySignature(query: URLSearchParams, secret: string): string {
  const names = [...new Set(query.keys())].toSorted();
  const text = names.map(name => `${name}=${query.getAll(name).join(',')}`).join('');
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** What the admin signs the address of an app's page with: the pairs sorted by name, encoded as in an address. */
export function addressSignature(query: URLSearchParams, secret: string): string {
  const sorted = new URLSearchParams([...query].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return createHmac('sha256', secret).update(sorted.toString().replaceAll('+', '%20')).digest('hex');
}

/** The claims of an ID token as App Bridge gives it: good for one minute. */
export function idTokenClaims(domain: string, apiKey: string): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1_000);
  return {
    iss: `https://${domain}/admin`,
    dest: `https://${domain}`,
    aud: apiKey,
    sub: '42',
    exp: now + 60,
    nbf: now - 1,
    iat: now,
    jti: randomUUID(),
    sid: randomUUID(),
  };
}
