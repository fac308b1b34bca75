import type { FinishReason } from '@confab/contract';
import { type LlmPart, ProviderError, type ProviderFault } from './llm.ts';

/** What we read in a vendor's events. Both may throw for what they cannot read, or for an error that an event tells. */
export type Reader<Event> = {
  textOf: (event: Event) => string | null | undefined;
  endOf: (event: Event) => FinishReason | undefined;
};

/**
 * The part that is the same for every vendor: texts in order, then the end, which is told when the vendor's body has
 * been read to its end, so that the connection can be used again. A stream without its end mark is a fault, whatever
 * it said before, and what goes wrong after the end mark is none.
 */
export async function* vendorStream<Event>(stream: {
  provider: string;
  signal: AbortSignal;
  open: () => PromiseLike<AsyncIterable<Event>>;
  reader: Reader<Event>;
  faultOf: (error: unknown) => ProviderError;
}): AsyncGenerator<LlmPart> {
  const { provider, signal, open, reader, faultOf } = stream;
  let reason: FinishReason | undefined;
  try {
    for await (const event of await open()) {
      const text = reader.textOf(event);
      if (text) yield { type: 'text', text };
      reason ??= reader.endOf(event);
    }
  } catch (error) {
    if (!reason && !signal.aborted) throw faultOf(error);
  }
  if (signal.aborted) return;
  if (!reason) throw new ProviderError(provider, 'malformed');
  yield { type: 'finished', reason };
}

/** The error classes that both SDKs have as statics of their client. */
type Sdk = {
  APIError: abstract new (...args: never[]) => Error;
  APIConnectionError: abstract new (...args: never[]) => Error;
  APIConnectionTimeoutError: abstract new (...args: never[]) => Error;
};

/** An error of an SDK as ours; `inStream` names the fault of an error event, which has no status. */
export const faultReader =
  (provider: string, sdk: Sdk, inStream: (error: object) => ProviderFault) =>
  (error: unknown): ProviderError => {
    if (error instanceof ProviderError) return error;
    if (error instanceof sdk.APIConnectionTimeoutError)
      return new ProviderError(provider, 'timed_out', { cause: error });
    if (error instanceof sdk.APIConnectionError) return new ProviderError(provider, 'unreachable', { cause: error });
    if (!(error instanceof sdk.APIError)) return new ProviderError(provider, transportFault(error), { cause: error });
    const { status, headers } = error as { status?: number; headers?: Headers };
    if (status === undefined) return new ProviderError(provider, inStream(error), { cause: error });
    return new ProviderError(provider, faultOfStatus(status), {
      status,
      retryAfterMs: headers && retryAfterMs(headers),
      cause: error,
    });
  };

export function faultOfStatus(status: number): ProviderFault {
  if (status === 429) return 'rate_limited';
  if (status === 408 || status === 504) return 'timed_out';
  return status >= 500 ? 'server_error' : 'refused';
}

/** A socket that fails while the body is read is undici's error with a code; all else is a body we cannot read. */
function transportFault(error: unknown): ProviderFault {
  const code = codeOf(error) ?? codeOf((error as { cause?: unknown } | undefined)?.cause);
  if (code === undefined) return 'malformed';
  return code.includes('TIMEOUT') ? 'timed_out' : 'unreachable';
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/**
 * How long the vendor asks us to wait. A date is read against the response's own `Date`, so no clock of ours can be
 * wrong. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (exact > 0) return exact;
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.parse(headers.get('date') ?? '') : seconds * 1_000;
  return ms > 0 ? ms : undefined;
}
