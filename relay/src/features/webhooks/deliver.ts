import type { DeliveryFault, WebhookMessage } from '@confab/contract';
import { Webhook } from 'standardwebhooks';
import type { Attempt, Deliver, Outcome } from '../../jobs/outbox.ts';
import { PrivateAddressError } from '../../lib/guarded-fetch.ts';
import { redact } from '../../lib/redact.ts';
import { withoutWordsOf } from './body.ts';
import type { NewMessage, StoredEndpoint, WebhookStore } from './store.ts';
import { endpointOf } from './target.ts';

/** From the first byte that is sent to the last that is read. */
const TRY_MS = 15_000;
/** So much is read of an answer that says why not, and so much of it is kept. */
const ANSWER_MAX = 64 * 1024;
const WORDS_MAX = 200;

type Deps = {
  store: Pick<WebhookStore, 'byId' | 'message' | 'disable'>;
  body: (siteId: string, message: NewMessage) => Promise<WebhookMessage | 'held' | undefined>;
  /** What the endpoint's messages are signed by now, the newest first. */
  secretsOf: (siteId: string, endpointId: string) => Promise<string[]>;
  /** Keeps to public addresses where the operator wants that. */
  fetch: typeof fetch;
  now: () => Date;
  tryMs?: number;
};

/**
 * Brings one message to one endpoint, signed by the Standard Webhooks scheme: the same `webhook-id` however often, the
 * time of each try. A redirect is a fault and not followed, as it may lead where nobody was asked.
 */
export function createDeliver({ tryMs = TRY_MS, ...deps }: Deps): Deliver {
  return async ({ siteId, target, subjectId }: Attempt, signal): Promise<Outcome> => {
    const endpoint = await deps.store.byId(siteId, endpointOf(target));
    const message = await deps.store.message(siteId, subjectId);
    if (!endpoint || !message) return { is: 'gone' };
    // Whoever tries one out wants to know before they enable it.
    if (endpoint.disabledReason !== null && message.type !== 'webhook.test') return { is: 'held' };
    const body = await deps.body(siteId, message);
    if (body === undefined) return { is: 'gone' };
    if (body === 'held') return { is: 'held' };
    const secrets = await deps.secretsOf(siteId, endpoint.id);
    // They go with their endpoint: nothing is sent unsigned, or to one that was removed meanwhile.
    if (secrets.length === 0) return { is: 'gone' };
    const outcome = await post(endpoint, secrets, message.id, body, signal);
    if (outcome === 'gone') {
      await deps.store.disable(siteId, endpoint, 'gone');
      return refused('misconfigured', 'It answered 410: gone. The endpoint was disabled.');
    }
    return outcome;
  };

  async function post(
    { url }: StoredEndpoint,
    secrets: string[],
    messageId: string,
    body: WebhookMessage,
    signal: AbortSignal,
  ): Promise<Outcome | 'gone'> {
    const timer = AbortSignal.timeout(tryMs);
    try {
      const response = await deps.fetch(url, {
        method: 'POST',
        ...signed(secrets, messageId, JSON.stringify(body), deps.now()),
        redirect: 'manual',
        signal: AbortSignal.any([signal, timer]),
      });
      if (response.ok) {
        await response.body?.cancel();
        return { is: 'delivered' };
      }
      return refusalOf(response, await textOf(response), body, deps.now());
    } catch (error) {
      if (timer.aborted) return later('timed_out', `It did not answer within ${tryMs / 1_000} seconds.`);
      if (!(error instanceof TypeError)) throw error;
      return faultOf(error);
    }
  }
}

/** The name of a message to receivers. */
export const messageIdOf = (id: string): string => `msg_${id}`;

function signed(secrets: string[], id: string, body: string, at: Date) {
  const signatures = secrets.map(secret => new Webhook(secret).sign(messageIdOf(id), at, body));
  return {
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'Confab relay',
      'webhook-id': messageIdOf(id),
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signatures.join(' '),
    },
    body,
  };
}

function refusalOf({ status, headers }: Response, text: string, body: WebhookMessage, at: Date): Outcome | 'gone' {
  if (status === 410) return 'gone';
  if (status >= 300 && status < 400) {
    return later(
      'misconfigured',
      `It answered ${status}: a redirect, which is not followed. Give the address it leads to.`,
    );
  }
  const words = wordsOf(status, text, body);
  const retryAfterS = retryAfterOf(headers.get('Retry-After'), at);
  if (status === 429 || status === 503) return { ...later(faultOfStatus(status), words), retryAfterS };
  return later(faultOfStatus(status), words);
}

function faultOfStatus(status: number): DeliveryFault {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'unavailable' : 'invalid';
}

/** What it said, in one line: what was sent and comes back, and whatever else looks like somebody's, is taken out. */
function wordsOf(status: number, text: string, body: WebhookMessage): string {
  const plain = text
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const said = redact(withoutWordsOf(body, plain));
  return `It answered ${status}${said ? `: ${said}` : '.'}`.slice(0, WORDS_MAX).toWellFormed();
}

/** Seconds, or a date (RFC 9110). */
function retryAfterOf(value: string | null, at: Date): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : (Date.parse(value) - at.getTime()) / 1_000;
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : undefined;
}

/** As far as it comes in time, and no further than anybody reads. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= ANSWER_MAX) break;
    }
  } catch {
    // What it has said so far is what it said.
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_MAX).toString('utf8');
}

function faultOf({ cause }: TypeError): Outcome {
  if (cause instanceof PrivateAddressError) {
    return refused('unreachable', 'This address is not of the public internet. Nothing was sent; give another one.');
  }
  const { code } = (cause ?? {}) as { code?: unknown };
  const why = typeof code === 'string' && /^[A-Z\d_]{1,60}$/.test(code) ? ` (${code})` : '';
  return later('unreachable', `The connection failed${why}.`);
}

const later = (fault: DeliveryFault, words: string) => ({ is: 'later' as const, fault, words });
const refused = (fault: DeliveryFault, words: string) => ({ is: 'refused' as const, fault, words });
