import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * What the fakes of CRMs share: the server, and the faults in front of the vendor.
 *
 * A vendor's fake is `startHubspot() => startCrmFake(vendor)`, where the vendor keeps its records in memory and gives:
 * - `handle(request)`: its answer, at once and whole (so that requests do not mix, as in a transaction). It checks each
 *   request by a strict schema of the vendor's documented shape; one that the vendor would refuse as malformed is answered
 *   as the vendor does, with `complaint` beside it: `fake.complaints` collects those, and the battery wants none.
 *   A refusal that is part of life (409 of a unique field, 404, 401) is an answer without a complaint.
 * - `faults`: how each trouble looks in its format. `undefined` for a request that such trouble does not meet (such as
 *   `invalid` where a token is fetched): it waits for the next. They may change the vendor's state (a token that expires).
 * - `writes(request)`: whether it makes or changes a record: what `applied_then_cut` waits for.
 * - `records()` and `plant(person)`: what it holds, in our words, and somebody who was there before us.
 */

export type CrmRequest = {
  method: string;
  /** Without the query, as sent (percent-encoded). */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: the vendor's schemas look into it
  body: any;
  /** The body as it came: a form, or what is no JSON. */
  raw: string;
};

export type CrmAnswer = {
  status: number;
  /** Sent as JSON; a string is sent as it is; none: no body. */
  body?: unknown;
  headers?: Record<string, string>;
  /** What was wrong with the request, for the test to see. */
  complaint?: string;
};

/** Troubles that look like the vendor's own. */
export type VendorFault =
  /** The token is not valid any more; a new one works. */
  | 'unauthorized_once'
  /** The access was withdrawn: neither the token nor what fetches one works. */
  | 'revoked'
  /** The vendor does not take a value. It repeats the value in its words, as vendors do. */
  | 'invalid'
  /** 429 with Retry-After: `RETRY_AFTER_S`. */
  | 'rate_limited'
  | 'server_error'
  | 'error_in_200'
  /** Somebody else makes the same person just before this request, which is then handled. */
  | 'duplicate';
export type Fault =
  | VendorFault
  /** Held until the client gives up. */
  | 'timeout'
  /** Done, but the answer breaks off in its middle. */
  | 'half_written'
  /** Done, but the line is cut before an answer. */
  | 'applied_then_cut';

export const RETRY_AFTER_S = 7;
const passing = ['server_error', 'rate_limited', 'half_written', 'applied_then_cut'] as const;

export type Person = { email?: string; phone?: string; name?: string };

/** A person as the CRM holds them; `keys` of our leads, each as often as it stands there. */
export type CrmRecord = {
  id: string;
  keys: string[];
  email: string | null;
  phone: string | null;
  name: string | null;
  /** All our notes, one after the other. */
  note: string;
  /** Whether they may be sent marketing e-mails, where the CRM was told so. */
  marketing: boolean;
  madeByUs: boolean;
  /** The vendor's own properties, by its own names. */
  properties: Record<string, unknown>;
};

export type CrmVendor = {
  handle(request: CrmRequest): CrmAnswer;
  faults: Record<VendorFault, (request: CrmRequest) => CrmAnswer | undefined>;
  writes(request: CrmRequest): boolean;
  records(): CrmRecord[];
  plant(person: Person): void;
};

export type CrmFake = {
  url: string;
  requests: CrmRequest[];
  complaints: string[];
  records(): CrmRecord[];
  plant(person: Person): void;
  /** How many requests of the fault 'timeout' their client still waits for. */
  held(): number;
  /** The next requests that it can meet, so many times; `Infinity`: from now on. `after`: so many that are let through. */
  failNext(fault: Fault, times?: number, after?: number): void;
  /** What was planned and did not happen will not. */
  failNoMore(): void;
  /** Each request with this likelihood, in one of the ways that pass; 0 ends it. */
  failRandomly(share: number, random: () => number, faults?: readonly Fault[]): void;
  close(): Promise<void>;
};

/** Starts a CRM. Every fault can be asked of it, and what it was sent can be seen. */
export async function startCrmFake(vendor: CrmVendor): Promise<CrmFake> {
  const requests: CrmRequest[] = [];
  const complaints: string[] = [];
  const planned: { fault: Fault; times: number; after: number }[] = [];
  let held = 0;
  let chance: () => Fault | undefined = () => undefined;

  const handled = (request: CrmRequest): CrmAnswer => {
    try {
      const answer = vendor.handle(request);
      if (answer.complaint) complaints.push(`${request.method} ${request.path}: ${answer.complaint}`);
      return answer;
    } catch (error) {
      complaints.push(`${request.method} ${request.path}: ${String(error)}`);
      return { status: 500, body: 'the fake broke' };
    }
  };

  /** Does what the fault says; `false` where this fault does not meet this request. */
  const fail = (fault: Fault, request: CrmRequest, response: ServerResponse): boolean => {
    switch (fault) {
      case 'timeout':
        held++;
        response.once('close', () => held--);
        return true;
      case 'applied_then_cut':
        if (!vendor.writes(request)) return false;
        handled(request);
        response.socket?.destroy();
        return true;
      case 'half_written': {
        const whole = bytesOf(handled(request));
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length + 100 });
        response.write(whole.subarray(0, Math.ceil(whole.length / 2)), () => response.socket?.destroy());
        return true;
      }
      default: {
        const answer = vendor.faults[fault](request);
        if (answer) send(response, answer);
        return answer !== undefined;
      }
    }
  };

  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? '', 'http://fake');
    const raw = await text(incoming).catch(() => '');
    const request: CrmRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: parsed(raw),
      raw,
    };
    requests.push(request);
    const plan = planned.find(({ times }) => times > 0);
    if (plan && plan.after-- <= 0 && fail(plan.fault, request, response)) {
      plan.times--;
      return;
    }
    const bad = chance();
    if (bad && fail(bad, request, response)) return;
    send(response, handled(request));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));

  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    complaints,
    records: vendor.records,
    plant: vendor.plant,
    held: () => held,
    failNext: (fault, times = 1, after = 0) => void planned.push({ fault, times, after }),
    failNoMore: () => void planned.splice(0),
    failRandomly(share, random, faults = passing) {
      chance = () => (random() < share ? faults[Math.floor(random() * faults.length)] : undefined);
    },
    close() {
      closing ??= new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}

const bytesOf = ({ body }: CrmAnswer): Buffer =>
  Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));

function send(response: ServerResponse, answer: CrmAnswer): void {
  const bytes = bytesOf(answer);
  const type = bytes.length > 0 ? { 'content-type': 'application/json;charset=utf-8' } : {};
  response.writeHead(answer.status, { ...type, ...answer.headers }).end(bytes);
}
