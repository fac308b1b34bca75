import type { LeadCreated, SiteVerify } from '@confab/contract';
import type { Keyring } from '../../lib/keyring.ts';

/** A plugin that is slower holds a worker up. */
const TIMEOUT_MS = 5_000;
/** No answer that we ask for is longer. */
const ANSWER_MAX = 64 * 1024;

/** The plugin's answer; `text` is absent where it is too long to be one. Nothing, where it did not answer in time. */
export type PluginAnswer = { status: number; text: string | undefined } | undefined;
export type CallPlugin = ReturnType<typeof createCallPlugin>;

type Call = {
  homeUrl: string;
  route: 'verify' | 'events';
  /** The same for each try of the same message, so that the plugin takes it once. */
  id: string;
  message: SiteVerify | LeadCreated;
  signal: AbortSignal;
};

/**
 * Calls a site's plugin, signed by the Standard Webhooks scheme. The route is given as a parameter, which every
 * WordPress knows whatever its permalinks are. A redirect is not followed: it may lead where nobody was asked. The one
 * exception is the same address by https, where a site that was connected by http is found later.
 */
export function createCallPlugin(deps: {
  fetch: typeof fetch;
  keyring: Pick<Keyring, 'signWebhook'>;
  now: () => Date;
}) {
  return async ({ homeUrl, route, id, message, signal }: Call): Promise<PluginAnswer> => {
    const body = JSON.stringify(message);
    const timestamp = String(Math.floor(deps.now().getTime() / 1_000));
    const signatures = deps.keyring.signWebhook(Buffer.from(`${id}.${timestamp}.${body}`));
    const ask = (url: string) =>
      deps.fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'Confab relay',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': signatures.map(signature => `v1a,${signature}`).join(' '),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
    const url = `${homeUrl}/?rest_route=/confab/v1/${route}`;
    try {
      const first = await ask(url);
      const secureUrl = url.replace(/^http:/, 'https:');
      const hasMoved = isRedirectTo(secureUrl, first) && secureUrl !== url;
      if (hasMoved) await first.body?.cancel();
      const response = hasMoved ? await ask(secureUrl) : first;
      return { status: response.status, text: await textOf(response) };
    } catch {
      // Told to stop is not the site's doing.
      signal.throwIfAborted();
      return undefined;
    }
  };
}

const isRedirectTo = (url: string, { status, headers }: Response): boolean =>
  [301, 302, 307, 308].includes(status) && headers.get('Location') === url;

async function textOf(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > ANSWER_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whether the answer says nothing about the plugin, so that it is worth to ask again. */
export const isPassing = (answer: PluginAnswer): boolean =>
  answer === undefined || answer.status >= 500 || [408, 425, 429].includes(answer.status);
