import type { DocumentsResponse, EvalCasePage, Settings } from '@confab/contract';
import { documentOf } from './page.ts';

export const DEMO_KEY = 'demo';
export const DEMO_NAME = 'Marram & Gale';

/** The first cases of the shop's own test set. */
const cases = [
  { question: 'How long does shipping to Germany take?', expects: 'answer', documents: ['shipping.html'] },
  { question: 'Do you ship to Australia?', expects: 'answer', documents: ['shipping.html'] },
  { question: 'Can I pay with Klarna?', expects: 'answer', documents: ['payment.html'] },
  { question: 'Can I wash the sweater in the machine?', expects: 'answer', documents: ['care.html'] },
  { question: 'Who won the world cup?', expects: 'unknown' },
];

type Target = {
  relayUrl: string;
  secret: string;
  shopUrl: string;
  pages: ReadonlyMap<string, { type: string; body: Buffer }>;
};

/**
 * Brings the demo shop's pages, its policy link, its forms and a small test set to the relay over the same calls that a plugin
 * makes. Doing it again changes nothing. Throws when the relay refuses any of it.
 */
export async function installDemo({ relayUrl, secret, shopUrl, pages }: Target): Promise<DocumentsResponse> {
  const html = [...pages].filter(([, file]) => file.type.startsWith('text/html'));
  const upsert = html.map(([name, file]) => documentOf(name, file.body.toString('utf8'), shopUrl));
  await prepare();
  await addCases();
  const synced = (await (await call('POST', '/v1/site/documents', { upsert })).json()) as DocumentsResponse;
  if (synced.rejected.length > 0) throw new Error(`demo pages were rejected: ${JSON.stringify(synced.rejected)}`);
  return synced;

  /** An owner's own cases stay as they are. */
  async function addCases(): Promise<void> {
    const { items } = (await (await call('GET', '/v1/site/eval-cases?limit=1')).json()) as EvalCasePage;
    if (items.length > 0) return;
    for (const each of cases) await call('POST', '/v1/site/eval-cases', each);
  }

  async function prepare(triesLeft = 3): Promise<void> {
    const policyUrl = `${shopUrl}privacy.html`;
    const read = await call('GET', '/v1/site/settings');
    const settings = (await read.json()) as Settings;
    const { consent, features } = settings;
    // An owner's own choice stays; our own link follows the relay to another address.
    const isOurs = consent.policyUrl === null || consent.policyUrl.endsWith('/demo/privacy.html');
    if (!isOurs || consent.policyUrl === policyUrl) return;
    const isNew = consent.policyUrl === null;
    const changed = {
      ...settings,
      consent: { ...consent, policyUrl },
      features: isNew ? { ...features, leads: true, callback: true, transcript: true } : features,
    };
    const saved = await call('PUT', '/v1/site/settings', changed, read.headers.get('ETag') ?? '');
    // Another relay on this database is starting too.
    if (saved.status === 412 && triesLeft === 0) throw new Error('the settings of the demo site keep changing');
    if (saved.status === 412) await prepare(triesLeft - 1);
  }

  async function call(method: string, path: string, body?: object, ifMatch?: string): Promise<Response> {
    const response = await fetch(`${relayUrl}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${secret}`,
        'Content-Type': 'application/json',
        ...(ifMatch && { 'If-Match': ifMatch }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.ok || response.status === 412) return response;
    throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  }
}
