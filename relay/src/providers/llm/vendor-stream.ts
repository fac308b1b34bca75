import type { FinishReason } from '@confab/contract';
import { type ModelPart, ProviderError, type ProviderFault, type TokenUsage, type ToolCall } from './llm.ts';

/** More than this in all the calls of one answer is no model's wish, in characters. */
const CALLS_MAX = 100_000;

/** What one event of a vendor says. */
export type Heard = {
  text?: string | null | undefined;
  calls?: CallPiece[] | undefined;
  end?: FinishReason | undefined;
  usage?: TokenUsage | undefined;
};

/** A piece of a call: one with a name begins it, the others write its input on. `place` tells calls at once apart. */
export type CallPiece = {
  place: number;
  id?: string | undefined;
  name?: string | undefined;
  json?: string | undefined;
};

/** What we read in a vendor's events. May throw for what it cannot read, or for an error that an event tells. */
export type Reader<Event> = (event: Event) => Heard;

/**
 * The part that is the same for every vendor: texts in order, those that arrived together as one, then the calls of
 * tools, then the end, which is told when the vendor's body has been read to its end, so that the connection can be used
 * again. A stream without its end mark is a fault, whatever it said before, and what goes wrong after the end mark is none. Calls of an answer that was cut short
 * are left out: nobody knows what they would have been. Compatible servers end by `stop` what ends with calls; so it is
 * the calls that tell.
 */
export async function* vendorStream<Event>(stream: {
  provider: string;
  signal: AbortSignal;
  /** The vendor's events; those of one list arrived together. */
  open: () => PromiseLike<AsyncIterable<readonly Event[]>> | AsyncIterable<readonly Event[]>;
  reader: Reader<Event>;
  faultOf: (error: unknown) => ProviderError;
}): AsyncGenerator<ModelPart> {
  const { provider, signal, open, reader, faultOf } = stream;
  let reason: FinishReason | undefined;
  let usage: TokenUsage | undefined;
  const growing = growingCalls();
  try {
    for await (const events of await open()) {
      const texts: string[] = [''];
      let fault: { error: unknown } | undefined;
      try {
        for (const event of events) {
          const heard = ofItsTypes(reader(event));
          if (heard.text) grow(texts, heard.text);
          if (heard.calls) for (const piece of heard.calls) growing.add(piece);
          reason ??= heard.end;
          usage = heard.usage ?? usage;
        }
      } catch (error) {
        fault = { error };
      }
      // What came before the fault was said.
      for (const text of texts) if (text) yield { type: 'text', text };
      if (fault) throw fault.error;
    }
  } catch (error) {
    if (!reason && !signal.aborted) throw faultOf(error);
  }
  if (signal.aborted) return;
  if (!reason) throw new ProviderError(provider, 'malformed');
  const calls = reason === 'stop' ? growing.calls() : [];
  for (const call of calls) yield { type: 'call', call };
  yield { type: 'finished', reason: calls.length > 0 ? 'tools' : reason, ...(usage && { usage }) };
}

/** Readers trust the vendor's types; a "compatible" server of a site's choice may send any. Throws. */
function ofItsTypes(heard: Heard): Heard {
  if (isText(heard.text) && (!heard.calls || heard.calls.every(isPiece))) return heard;
  throw new Error('The event holds other types than it should.');
}

const isText = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string';
const isPiece = ({ place, id, name, json }: CallPiece): boolean =>
  typeof place === 'number' && isText(id) && isText(name) && isText(json);

/** Longer pieces are not put together, so that whoever measures an answer can end it in time. */
const PIECE_MAX = 1_000;

function grow(texts: string[], text: string): void {
  const last = texts.at(-1) as string;
  if (last.length + text.length > PIECE_MAX) texts.push(text);
  else texts[texts.length - 1] = last + text;
}

/** What a vendor counted, where it did. */
export const counted = (
  inputTokens: number | null | undefined,
  outputTokens: number | null | undefined,
  cachedInputTokens: number | null | undefined,
): TokenUsage | undefined =>
  inputTokens || outputTokens
    ? {
        inputTokens: inputTokens ?? 0,
        outputTokens: outputTokens ?? 0,
        ...(cachedInputTokens && { cachedInputTokens }),
      }
    : undefined;

/** The calls that a stream writes, put together; in the order in which they began. */
function growingCalls() {
  type Growing = { place: number; id: string | undefined; name: string; json: string };
  const begun: Growing[] = [];
  let length = 0;
  return {
    add({ place, id, name, json = '' }: CallPiece): void {
      const current = begun.findLast(call => call.place === place);
      // Some compatible servers put every call at the first place, some repeat the name in each piece.
      const isNew = name !== undefined && name !== '' && (!current || (id !== undefined && id !== current.id));
      length += json.length + (isNew ? name.length : 0);
      if (length > CALLS_MAX) throw new Error('The calls of tools do not end.');
      if (isNew) begun.push({ place, id: id || undefined, name, json });
      else if (current) current.json += json;
      else if (json) throw new Error('A call of a tool has no beginning.');
    },
    /** Ids and names are such as every vendor takes back: none twice, none missing, no sign that they refuse. */
    calls: (): ToolCall[] =>
      begun.map(({ id, name, json }, at) => ({
        id: id && begun.findIndex(call => call.id === id) === at ? id : `call${String(at).padStart(5, '0')}`,
        name: name.replace(/[^\w-]/g, '_').slice(0, 64),
        input: inputOf(json),
      })),
  };
}

/** Deeper than what any tool takes, and far from where whoever walks through it would run out of stack. */
const INPUT_DEPTH_MAX = 32;

/** What the model wrote; JSON that is broken or bottomless as the text that it is. No text is no input for some vendors. */
function inputOf(json: string): unknown {
  if (json.trim() === '') return {};
  try {
    const input: unknown = JSON.parse(json);
    return isDeeper(input, INPUT_DEPTH_MAX) ? json : input;
  } catch {
    return json;
  }
}

const isDeeper = (value: unknown, than: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (than === 0 || Object.values(value).some(member => isDeeper(member, than - 1)));

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

/** A call of `fetch` that brought no response. */
export const unreachable = (provider: string, error: unknown): ProviderError => {
  const fault = transportFault(error);
  return new ProviderError(provider, fault === 'timed_out' ? fault : 'unreachable', { cause: error });
};

/** A socket that fails while the body is read is undici's error with a code; all else is a body we cannot read. */
export function transportFault(error: unknown): ProviderFault {
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
