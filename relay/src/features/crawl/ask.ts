import type { CrawlReason } from '@confab/contract';
import { PrivateAddressError } from '../../lib/guarded-fetch.ts';

export const USER_AGENT = 'ConfabBot/1.0 (+https://github.com/confab/confab#confabbot)';
/** The name that a robots.txt knows us by. */
export const ROBOTS_NAME = 'ConfabBot';

/** From the first byte that is sent to the last that is read. */
const ANSWER_MS = 30_000;

/** An address could not be asked, or its answer not read; `code` says why in the crawl's own words. */
export class AskError extends Error {
  override readonly name = 'AskError';
  readonly code: CrawlReason;

  constructor(code: CrawlReason, options?: ErrorOptions) {
    super(`not read: ${code}`, options);
    this.code = code;
  }
}

/** `body` gives what was read after decompression. Nothing is read of it that nobody asks for. */
export type Answer = { status: number; headers: Headers; body: AsyncIterable<Uint8Array> };

export type Ask = ReturnType<typeof createAsk>;

/**
 * The only door from a crawl to the outside. It asks addresses of the origins that it is given and nobody else, follows no
 * redirect by itself, sends no cookie, and gives up after a time however slowly bytes drip.
 */
export function createAsk({ fetch, answerMs = ANSWER_MS }: { fetch: typeof globalThis.fetch; answerMs?: number }) {
  /** Lets `use` read the answer; the rest of it is dropped. Throws `AskError`, or the signal's reason. */
  return async function ask<Result>(
    address: string,
    { origins, headers = {}, signal }: { origins: Set<string>; headers?: Record<string, string>; signal: AbortSignal },
    use: (answer: Answer) => Promise<Result>,
  ): Promise<Result> {
    if (!origins.has(new URL(address).origin)) throw new AskError('redirect_off_site');
    const timer = AbortSignal.timeout(answerMs);
    const read = new AbortController();
    try {
      const response = await fetch(address, {
        redirect: 'manual',
        headers: { 'User-Agent': USER_AGENT, ...headers },
        signal: AbortSignal.any([timer, signal, read.signal]),
      });
      return await use({ status: response.status, headers: response.headers, body: bytesOf(response) });
    } catch (error) {
      signal.throwIfAborted();
      if (timer.aborted) throw new AskError('timed_out');
      if (error instanceof TypeError) throw new AskError(codeOf(error), { cause: error });
      throw error;
    } finally {
      read.abort();
    }
  };
}

async function* bytesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body) yield* body;
}

/** Fetch wraps whatever went wrong into a `TypeError`, sometimes twice. */
function codeOf(error: Error): CrawlReason {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof PrivateAddressError) return 'private_address';
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (/^(ENOTFOUND|EAI_AGAIN|EAI_NODATA)$/.test(code)) return 'name_not_found';
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code)) return 'certificate';
    if (/TIMEOUT|ETIMEDOUT/.test(code)) return 'timed_out';
  }
  return 'connection_failed';
}

/** Reads a body up to so many bytes; what is behind them is cut off, or an error where the whole is wanted. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  max: number,
  { cut = false }: { cut?: boolean } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= max) continue;
    if (!cut) throw new AskError('too_large');
    break;
  }
  return Buffer.concat(chunks).subarray(0, max);
}

/** What a status that is no page means; nothing where it is one. */
export function reasonOf(status: number): CrawlReason | undefined {
  if (status === 404 || status === 410) return 'gone';
  if (status === 429) return 'too_many_requests';
  if (status >= 500) return 'server_error';
  if (status >= 400) return 'refused';
  return status === 200 ? undefined : 'server_error';
}

/** The seconds that a `Retry-After` asks to wait, given as such or as a date. */
export function retryAfterOf(headers: Headers, now: Date): number | undefined {
  const value = headers.get('Retry-After')?.trim();
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now.getTime()) / 1_000));
}

const OTHER_DIRECTIVES = /^(unavailable_after|max-snippet|max-image-preview|max-video-preview)$/;

/** What `X-Robots-Tag` says to every crawler, or to us by name. */
export function robotsTagOf(headers: Headers): { noindex: boolean; nofollow: boolean } {
  const said = new Set<string>();
  let isForUs = true;
  for (const part of (headers.get('X-Robots-Tag') ?? '').toLowerCase().split(',')) {
    const [, name, value] = /^\s*([\w*-]+)\s*:(.*)$/.exec(part) ?? [];
    if (name !== undefined && !OTHER_DIRECTIVES.test(name))
      isForUs = name === '*' || name === ROBOTS_NAME.toLowerCase();
    if (isForUs) said.add((value ?? part).trim());
  }
  const isNone = said.has('none');
  return { noindex: isNone || said.has('noindex'), nofollow: isNone || said.has('nofollow') };
}
