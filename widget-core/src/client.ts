import type {
  ConsentRequest,
  ConsentResponse,
  Conversation,
  DataRequest,
  DataRequestResponse,
  LeadRequest,
  PersonalDataDocument,
  Problem,
  ProblemCode,
  TurnEvent,
  TurnRequest,
  VisitorEvent,
  WidgetConfig,
} from '@confab/contract';
import { readEventStream } from './event-stream.ts';

const ANSWER_WITHIN_MS = 10_000;
/** The relay sends a comment every 15 s at the latest, so this long a silence means that the connection is gone. */
const SILENCE_MAX_MS = 45_000;
const TOKEN_WITHIN_MS = 3_000;
/** A token that expires on its way to the relay is of no use. */
const TOKEN_MARGIN_MS = 15_000;
/** A shop that did not say who is signed in is not asked again for this long. */
const NO_TOKEN_FOR_MS = 60_000;

/** The relay refused, or could not be reached. Which of the two, and why, is the code. */
export class RelayError extends Error {
  declare readonly code: ProblemCode | 'offline' | 'unreachable';
  /** The relay's wish, for `rate_limited`. */
  declare readonly retryAfterMs: number;
  /** Which fields of the request are wrong, for `validation_failed`. */
  declare readonly fields: string[];
  /** What to solve, for `proof_required`. */
  declare readonly challenge: string;

  constructor(code: RelayError['code'], { retryAfterMs = 0, fields = [] as string[], challenge = '' } = {}) {
    super(code);
    Object.assign(this, { name: 'RelayError', code, retryAfterMs, fields, challenge });
  }
}

/** All that the widget ever says to the relay. Every method throws a `RelayError` and nothing else. */
export type Client = ReturnType<typeof createClient>;

/**
 * A client for one site. No cookie and no referrer goes along, and no request carries more than a browser may send
 * without asking the relay first (a CORS preflight), except those that show the conversation handle.
 */
export function createClient(relay: string, siteKey: string) {
  const base = `${relay}/v1/widget/${encodeURIComponent(siteKey)}`;

  async function request(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(base + path, {
      ...init,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    if (response.ok) return response;
    const { code, errors = [], challenge }: Partial<Problem> = await response.json().catch(() => ({}));
    throw new RelayError(code ?? 'unavailable', {
      retryAfterMs: 1_000 * Number.parseInt(response.headers.get('Retry-After') ?? '0', 10),
      fields: errors.map(({ path }) => path),
      challenge,
    });
  }

  const json = <T>(path: string, init?: RequestInit): Promise<T> => whole(path, init, response => response.json());

  async function whole<T>(path: string, init: RequestInit = {}, read: (response: Response) => Promise<T>): Promise<T> {
    const wait = patience(ANSWER_WITHIN_MS);
    try {
      return await read(await request(path, { ...init, signal: wait.signal }));
    } catch (error) {
      throw asRelayError(error);
    } finally {
      wait.end();
    }
  }

  const bearer = (conversationId: string, headers: Record<string, string> = {}) => ({
    headers: { Authorization: `Bearer ${conversationId}`, ...headers },
    cache: 'no-store' as const,
  });

  return {
    config: (locale: string, cache: RequestCache = 'default') =>
      json<WidgetConfig>(`/config?locale=${encodeURIComponent(locale)}`, { cache }),
    decide: (decision: ConsentRequest) =>
      json<ConsentResponse>('/consents', { method: 'POST', body: JSON.stringify(decision) }),
    conversation: (conversationId: string) => json<Conversation>('/conversation', bearer(conversationId)),
    export: (conversationId: string) => json<PersonalDataDocument>('/conversation/export', bearer(conversationId)),
    /** The same as a page to read. */
    exportPage: (conversationId: string) =>
      whole('/conversation/export', bearer(conversationId, { Accept: 'text/html' }), response => response.blob()),
    requestData: (conversationId: string, data: Pick<DataRequest, 'type' | 'changes'>) =>
      json<DataRequestResponse>('/data-requests', {
        ...bearer(conversationId),
        method: 'POST',
        body: JSON.stringify(data),
      }),

    /** Has the stored chat sent to an address. */
    sendTranscript: (conversationId: string, email: string) =>
      whole(
        '/conversation/transcript',
        { ...bearer(conversationId), method: 'POST', body: JSON.stringify({ email }) },
        response => response.text(),
      ),
    leaveDetails: (lead: LeadRequest) =>
      json<{ leadId: string }>('/leads', { method: 'POST', body: JSON.stringify(lead) }),

    /**
     * Asks one question. Ends quietly when `signal` aborts; otherwise the last event is `completed` or `failed`. `prove`
     * solves a challenge, where the relay wants to see that no robot is asking.
     */
    async *ask(
      turn: TurnRequest,
      signal: AbortSignal,
      prove: (challenge: string) => Promise<string>,
    ): AsyncGenerator<TurnEvent> {
      const post = (wait: AbortSignal, proof?: string) =>
        request('/turns', { method: 'POST', body: JSON.stringify({ ...turn, proof }), signal: wait });
      const open = (wait: AbortSignal) =>
        post(wait).catch(async error => {
          if (error.challenge) return post(wait, await prove(error.challenge));
          throw error;
        });
      for await (const { event, data } of stream(open, signal)) {
        yield { event, data } as TurnEvent;
        if (event === 'completed' || event === 'failed') return;
      }
      if (!signal.aborted) throw new RelayError('unreachable'); // the stream was cut
    },

    /** What happens in the stored chat from now on, until `signal` aborts or the relay ends it. */
    follow: (conversationId: string, signal: AbortSignal) =>
      stream(
        wait => request('/conversation/events', { ...bearer(conversationId), signal: wait }),
        signal,
      ) as AsyncGenerator<VisitorEvent>,
    /** Tells whoever answers that the visitor is writing. */
    typing: (conversationId: string) =>
      whole('/conversation/typing', { ...bearer(conversationId), method: 'POST' }, response => response.text()),
  };

  /** The events of a stream. Ends quietly when `signal` aborts; throws a `RelayError` after a long silence. */
  async function* stream(
    open: (wait: AbortSignal) => Promise<Response>,
    signal: AbortSignal,
  ): AsyncGenerator<{ event: string; data: unknown }> {
    const wait = patience(SILENCE_MAX_MS);
    signal.addEventListener('abort', wait.stop);
    try {
      if (signal.aborted) return;
      const { body } = await open(wait.signal);
      for await (const { event, data } of readEventStream(chunks(body, wait.renew))) {
        yield { event, data: JSON.parse(data) };
      }
    } catch (error) {
      if (!signal.aborted) throw asRelayError(error);
    } finally {
      signal.removeEventListener('abort', wait.stop);
      wait.stop();
    }
  }
}

/**
 * Fetches, and keeps until it expires, the shop's proof of who is signed in, from a path on the page's own origin. Nothing
 * where nobody is, or where the shop does not say so in time: an answer must not wait for that, nor each for itself.
 */
export function customerTokenFrom(path: string): () => Promise<string | undefined> {
  let held: { customerToken: string | null; expiresAt: string | null } | undefined;
  let heldUntil = 0;
  return async () => {
    if (!(heldUntil > Date.now())) {
      const init: RequestInit = {
        credentials: 'same-origin',
        cache: 'no-store',
        signal: AbortSignal.timeout(TOKEN_WITHIN_MS),
      };
      held = await fetch(path, init)
        .then(response => (response.ok ? response.json() : undefined))
        .catch(() => undefined);
      heldUntil = held ? Date.parse(held.expiresAt ?? '') - TOKEN_MARGIN_MS : Date.now() + NO_TOKEN_FOR_MS;
    }
    return held?.customerToken ?? undefined;
  };
}

/** Aborts when nothing was heard for a while. `end` calls that off; `stop` aborts at once. */
function patience(ms: number) {
  const controller = new AbortController();
  const stop = () => {
    end();
    controller.abort();
  };
  let timer = setTimeout(stop, ms);
  const end = () => clearTimeout(timer);
  return {
    signal: controller.signal,
    end,
    stop,
    renew() {
      end();
      timer = setTimeout(stop, ms);
    },
  };
}

/** A body piece by piece. Not `for await` over the body itself, which Safari learnt late. */
async function* chunks(body: ReadableStream<Uint8Array> | null, heard: () => void): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    yield value;
  }
}

function asRelayError(error: unknown): RelayError {
  if (error instanceof RelayError) return error;
  return new RelayError(navigator.onLine === false ? 'offline' : 'unreachable');
}
