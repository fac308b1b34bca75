import { setTimeout as pause } from 'node:timers/promises';
import { GraphqlQueryError, HttpResponseError } from '@shopify/shopify-api';
import type { Api } from './api.ts';
import { ShopifyFault } from './fault.ts';
import type { Access, Tokens } from './tokens.ts';

/** Each call may be made so often … */
const TRIES = 6;
/** … and may wait so long in all, in the background. */
const PATIENCE_MS = 30_000;
const BACKOFF_MS = 500;
/** Where Shopify says that it is too much, but not for how long. */
const THROTTLED_MS = 1_000;

export type Admin = ReturnType<typeof createAdmin>;

export type AdminOptions = {
  variables?: Record<string, unknown>;
  /** Ends waiting and calling; its reason is thrown. */
  signal?: AbortSignal | undefined;
  /** How long it may wait in all for better times; less where somebody looks at the screen meanwhile. */
  patienceMs?: number;
  /** Takes what there is of an answer that came with errors; else such an answer is a fault. */
  partial?: boolean;
};

/** What came of one try: an answer, or a fault, and where it is worth it, when to try again. */
type Outcome = { data: unknown } | { fault: ShopifyFault; afterMs?: number | undefined; isDead?: boolean };

/**
 * The one way to Shopify's Admin API: GraphQL by the shop's own token, as it stands in 2026. Waits where a shop's points
 * are spent, for as long as the cost of the operation says; honours Retry-After; renews a token that was refused, once;
 * tries again what Shopify's trouble has stopped. Never without end, and a mutation only where it surely was not done.
 * Throws a `ShopifyFault`.
 */
export function createAdmin({ api, tokens }: { api: Api; tokens: Pick<Tokens, 'accessTo'> }) {
  return {
    async request<Data>(domain: string, operation: string, options: AdminOptions = {}): Promise<Data> {
      const { signal, patienceMs = PATIENCE_MS } = options;
      const until = Date.now() + patienceMs;
      let dead: string | undefined;
      for (let attempt = 1; ; attempt += 1) {
        signal?.throwIfAborted();
        const access = await tokens.accessTo(domain, { dead });
        const outcome = await ask(access, operation, options, attempt);
        if ('data' in outcome) return outcome.data as Data;
        const { fault, afterMs, isDead } = outcome;
        if (isDead && dead === undefined) {
          dead = access.accessToken;
          continue;
        }
        if (afterMs === undefined || attempt === TRIES || Date.now() + afterMs > until) throw fault;
        // A signal that aborts is seen at the top of the loop, with its own reason.
        await pause(afterMs, undefined, { ...(signal && { signal }) }).catch(() => {});
      }
    },
  };

  async function ask(access: Access, operation: string, options: AdminOptions, attempt: number): Promise<Outcome> {
    const { variables = {}, signal, partial } = options;
    const client = new api.clients.Graphql({ session: access });
    const backoffMs = BACKOFF_MS * 2 ** (attempt - 1);
    try {
      // Its own retries are off: it takes the seconds of Retry-After for milliseconds.
      const { data } = await client.request(operation, { variables, retries: 0, ...(signal && { signal }) });
      return { data };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof GraphqlQueryError) return outcomeOfErrors(error, operation, partial === true, backoffMs);
      if (error instanceof HttpResponseError) return outcomeOfStatus(error, operation, backoffMs);
      const fault = new ShopifyFault('unreachable', `Shopify did not answer ${nameOf(operation)}.`);
      return { fault, ...(!isMutation(operation) && { afterMs: backoffMs }) };
    }
  }
}

function outcomeOfErrors(error: GraphqlQueryError, operation: string, partial: boolean, backoffMs: number): Outcome {
  const name = nameOf(operation);
  const errors: { extensions?: { code?: unknown } }[] = error.body?.errors?.graphQLErrors ?? [];
  const has = (code: string) => errors.some(each => each.extensions?.code === code);
  if (has('THROTTLED')) {
    const fault = new ShopifyFault('throttled', `The shop has no points left for ${name}.`);
    return { fault, afterMs: waitFor(error.body?.extensions?.cost) };
  }
  if (partial && error.body?.data) return { data: error.body.data };
  if (has('ACCESS_DENIED')) return { fault: new ShopifyFault('scope_missing', `The shop has not granted ${name}.`) };
  if (has('INTERNAL_SERVER_ERROR') && !error.body?.data) {
    const fault = new ShopifyFault('unreachable', `Shopify failed at ${name}.`);
    return { fault, ...(!isMutation(operation) && { afterMs: backoffMs }) };
  }
  const what = error.body?.data ? 'answered in part only' : 'refused';
  return { fault: new ShopifyFault('refused', `Shopify ${what}: ${name}.`) };
}

type Cost = { requestedQueryCost?: number; throttleStatus?: { currentlyAvailable?: number; restoreRate?: number } };

/** Until the shop has as many points as the operation costs, in milliseconds. */
function waitFor(cost: Cost | undefined): number {
  const { currentlyAvailable, restoreRate } = cost?.throttleStatus ?? {};
  if (cost?.requestedQueryCost === undefined || currentlyAvailable === undefined || !restoreRate) return THROTTLED_MS;
  const missing = Math.max(0, cost.requestedQueryCost - currentlyAvailable);
  return Math.max(50, Math.ceil((missing / restoreRate) * 1_000));
}

function outcomeOfStatus(error: HttpResponseError, operation: string, backoffMs: number): Outcome {
  const name = nameOf(operation);
  const { code: status } = error.response;
  const afterMs = retryAfterMs(error.response.headers) ?? backoffMs;
  if (status === 401) {
    return { fault: new ShopifyFault('needs_merchant', `Shopify refused a new token for ${name}.`), isDead: true };
  }
  if (status === 429) return { fault: new ShopifyFault('throttled', `Shopify has had too much of ${name}.`), afterMs };
  // Trouble of a gateway, or an answer in the right shape that nobody can read.
  if (status >= 500 || status < 300) {
    const fault = new ShopifyFault('unreachable', `Shopify answered ${name} with ${status}, and nothing to read.`);
    return { fault, ...((status === 503 || !isMutation(operation)) && { afterMs }) };
  }
  // The shop is frozen or locked, which its owner ends with Shopify.
  if (status === 402 || status === 423) {
    return { fault: new ShopifyFault('unreachable', `Shopify answered ${name} with ${status}: the shop is closed.`) };
  }
  if (status === 403) return { fault: new ShopifyFault('scope_missing', `The shop has not granted ${name}.`) };
  return { fault: new ShopifyFault('refused', `Shopify answered ${name} with ${status}.`) };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(headers: Record<string, unknown> | undefined): number | undefined {
  const given = [headers?.['Retry-After']].flat()[0];
  if (given === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(String(given)) ? Number(given) * 1_000 : Date.parse(String(given)) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const isMutation = (operation: string): boolean => /^\s*(?:#.*\n\s*)*mutation\b/.test(operation);

/** What we call the operation. */
const nameOf = (operation: string): string => /\b(?:query|mutation)\s+(\w+)/.exec(operation)?.[1] ?? 'an operation';
