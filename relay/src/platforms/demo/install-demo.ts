import type { DocumentsResponse, Settings } from '@confab/contract';
import { documentOf } from './page.ts';

export const DEMO_KEY = 'demo';
export const DEMO_NAME = 'Marram & Gale';

type Target = {
  relayUrl: string;
  secret: string;
  shopUrl: string;
  pages: ReadonlyMap<string, { type: string; body: Buffer }>;
};

/**
 * Brings the demo shop's pages and its policy link to the relay over the same calls that a plugin makes. Doing it again
 * changes nothing. Throws when the relay refuses any of it.
 */
export async function installDemo({ relayUrl, secret, shopUrl, pages }: Target): Promise<DocumentsResponse> {
  const html = [...pages].filter(([, file]) => file.type.startsWith('text/html'));
  const upsert = html.map(([name, file]) => documentOf(name, file.body.toString('utf8'), shopUrl));
  await linkPolicy();
  const { body } = await call<DocumentsResponse>('POST', '/v1/site/documents', { upsert });
  if (body.rejected.length > 0) throw new Error(`demo pages were rejected: ${JSON.stringify(body.rejected)}`);
  return body;

  async function linkPolicy(): Promise<void> {
    const policyUrl = `${shopUrl}privacy.html`;
    const { body: settings, entityTag } = await call<Settings>('GET', '/v1/site/settings');
    const { consent } = settings;
    // An owner's own choice stays; our own link follows the relay to another address.
    const isOurs = consent.policyUrl === null || consent.policyUrl.endsWith('/demo/privacy.html');
    if (!isOurs || consent.policyUrl === policyUrl) return;
    await call('PUT', '/v1/site/settings', { ...settings, consent: { ...consent, policyUrl } }, entityTag);
  }

  async function call<Body>(method: string, path: string, body?: object, ifMatch?: string) {
    const response = await fetch(`${relayUrl}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${secret}`,
        'Content-Type': 'application/json',
        ...(ifMatch && { 'If-Match': ifMatch }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return { body: (await response.json()) as Body, entityTag: response.headers.get('ETag') ?? undefined };
  }
}
