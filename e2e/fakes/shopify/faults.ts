import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BulkFaults } from './bulk.ts';

/** Which of Shopify's doors is meant. */
export type Door = 'admin' | 'token' | 'storefront' | 'partner';

type Fault =
  | { kind: 'throttle' }
  | { kind: 'status'; status: number; headers: Record<string, string> }
  | { kind: 'partial' }
  | { kind: 'hang' }
  | { kind: 'wait'; until: Promise<unknown> }
  | { kind: 'garbage' };

export type Faults = ReturnType<typeof createFaults>;

/** What goes wrong at the fake, on demand. Each of the first kind is for the next `n` calls of a door. */
export function createFaults(
  tokens: { revoke(): void; expire(): void; refuseRefresh(refuses?: boolean): void },
  bulk: BulkFaults,
) {
  const waiting: Record<Door, Fault[]> = { admin: [], token: [], storefront: [], partner: [] };
  let ignoresFilters = false;
  const next = (door: Door, n: number, fault: Fault) =>
    void waiting[door].push(...Array.from({ length: n }, () => fault));

  return {
    /** HTTP 200 with THROTTLED, the points to be there again within some milliseconds. */
    throttle: (n: number): void => next('admin', n, { kind: 'throttle' }),
    fail: (n: number, status: number, headers: Record<string, string> = {}, door: Door = 'admin'): void =>
      next(door, n, { kind: 'status', status, headers }),
    /** Data with errors. */
    partial: (n: number, door: Door = 'admin'): void => next(door, n, { kind: 'partial' }),
    /** No answer, until the client goes. */
    hang: (n: number, door: Door = 'admin'): void => next(door, n, { kind: 'hang' }),
    /** The answer comes when this resolves. */
    hold: (n: number, until: Promise<unknown>, door: Door = 'admin'): void => next(door, n, { kind: 'wait', until }),
    /** An answer that is not JSON. */
    garbage: (n: number, door: Door = 'admin'): void => next(door, n, { kind: 'garbage' }),
    /** No token of this shop is good any more, neither kind. */
    revokeTokens: (): void => tokens.revoke(),
    /** The access tokens of this shop have ended; they can be refreshed. */
    expireTokens: (): void => tokens.expire(),
    /** Refresh tokens are answered with `invalid_grant`. */
    refuseRefresh: (refuses = true): void => tokens.refuseRefresh(refuses),
    /** Searches pass over their filter, as Shopify's do over one that it does not know. */
    ignoreFilters(ignores = true): void {
      ignoresFilters = ignores;
    },
    get ignoresFilters(): boolean {
      return ignoresFilters;
    },
    /** What is wrong with bulk operations; mutable. */
    bulk,
    take: (door: Door): Fault | undefined => waiting[door].shift(),
  };
}

/** Does what a fault says before the real work. Gives whether the call is answered, or whether its answer is partial. */
export async function actOn(
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<'answered' | 'partial' | undefined> {
  switch (fault?.kind) {
    case undefined:
      return undefined;
    case 'partial':
      return 'partial';
    case 'wait':
      await fault.until;
      return undefined;
    case 'hang':
      await new Promise<void>(resolve => response.once('close', resolve));
      return 'answered';
    case 'garbage':
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data": {"sho');
      return 'answered';
    case 'throttle':
      sendJson(response, 200, {
        errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
        extensions: { cost: { requestedQueryCost: 60, actualQueryCost: null, throttleStatus: throttled } },
      });
      return 'answered';
    case 'status': {
      // As Shopify's gateways do: some HTML, and for the client's own faults a word in JSON.
      const isOurs = fault.status >= 500;
      response.writeHead(fault.status, {
        'content-type': isOurs ? 'text/html' : 'application/json',
        ...fault.headers,
      });
      response.end(isOurs ? '<!doctype html><title>Something went wrong</title>' : `{"errors":"HTTP ${fault.status}"}`);
      request.resume();
      return 'answered';
    }
  }
}

const throttled = { maximumAvailable: 2_000, currentlyAvailable: 10, restoreRate: 1_000 };

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
