import { __ } from '@wordpress/i18n';
import { type ApiError, queryOf, type RequestOptions } from '../client.ts';

export type Answered<Answer> = { answer: Answer; etag: string | null };

/** Waits until the same user has signed in again; nothing where nobody was signed in. */
let signInAgain: (() => Promise<void>) | undefined;

/** Sets what is done when a session has ended while somebody was at work. */
export function onSessionEnd(handle: () => Promise<void>): void {
  signInAgain = handle;
}

/**
 * Asks the relay, with the session's cookie. Throws an `ApiError`. Where the session has ended, whoever asked waits until
 * the user has signed in again, and never knows.
 */
export async function ask<Answer>(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answered<Answer>> {
  try {
    return await askOnce<Answer>(method, path, options);
  } catch (error) {
    if ((error as ApiError).code !== 'unauthorized' || !signInAgain) throw error;
  }
  await signInAgain();
  return ask(method, path, options);
}

/** The same for whoever need not be signed in: without a session it is refused. */
export async function askOnce<Answer>(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answered<Answer>> {
  const response = await send(method, path, options);
  const told = await read(response);
  if (!response.ok) throw refusalOf(response, told);
  return { answer: told as Answer, etag: response.headers.get('ETag') };
}

async function send(method: string, path: string, { query, body, ifMatch, signal }: RequestOptions): Promise<Response> {
  try {
    return await fetch(`${path}${queryOf(query)}`, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body !== undefined && !(body instanceof Blob) && { 'Content-Type': 'application/json' }),
        ...(ifMatch && { 'If-Match': ifMatch }),
      },
      ...(body !== undefined && { body: body instanceof Blob ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const refusal: ApiError = {
      code: 'offline',
      status: 0,
      message: navigator.onLine
        ? __('The relay cannot be reached at the moment. What you have written is kept; try again soon.', 'confab')
        : __('You are offline. What you have written is kept; try again when you are back online.', 'confab'),
    };
    throw refusal;
  }
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return {};
  }
}

function refusalOf(response: Response, told: unknown): ApiError {
  const { code, detail, title, errors, current } = told as Partial<Record<string, string>> &
    Pick<ApiError, 'errors' | 'current'>;
  const etag = response.headers.get('ETag');
  return {
    code: code ?? 'unknown',
    status: response.status,
    message:
      response.status === 429
        ? __('That was too often in a short time. Please wait a little, then try again.', 'confab')
        : (detail ?? title ?? __('That did not work, and nothing says why. Please try again.', 'confab')),
    ...(errors && { errors }),
    ...(current !== undefined && { current }),
    ...(etag && { etag }),
  };
}
