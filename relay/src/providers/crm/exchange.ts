import { CrmFault } from './crm.ts';

export type Answer = { status: number; headers: Headers; text: string };

/**
 * One request and the whole answer to it. No redirect is followed: a token goes nowhere but to the host that it was made
 * for. Where nobody answers, the CRM is `unavailable`; an answer that breaks off is `garbled`.
 */
export async function exchange(fetch: typeof globalThis.fetch, url: string, init: RequestInit): Promise<Answer> {
  // What fetch says of a failure may repeat the address, and with it the person that was looked for.
  const response = await fetch(url, { ...init, redirect: 'manual' }).catch(() => {
    throw new CrmFault('unavailable');
  });
  const text = await response.text().catch(() => {
    throw new CrmFault('garbled');
  });
  return { status: response.status, headers: response.headers, text };
}

/**
 * A token for as long as it holds. Callers at once share one request for it, which no single one of them can end:
 * vendors limit how often a token may be asked for.
 */
export function tokenKeeper<Token>(ask: () => Promise<Token>) {
  let held: Promise<Token> | undefined;
  return {
    get(): Promise<Token> {
      if (!held) {
        const asked = ask();
        held = asked;
        asked.catch(() => {
          if (held === asked) held = undefined;
        });
      }
      return held;
    },
    /** This one holds no longer; a newer one stays. */
    async drop(token: Token): Promise<void> {
      const asked = held;
      if (asked && (await asked.catch(() => undefined)) === token && held === asked) held = undefined;
    },
  };
}

/** The token does not work any more; a new one may. */
export class SessionEnded extends CrmFault {}

/** Works with a token, and once more with a new one where the first has ended. */
export async function withToken<Token, T>(
  tokens: ReturnType<typeof tokenKeeper<Token>>,
  work: (token: Token) => Promise<T>,
): Promise<T> {
  const token = await tokens.get();
  try {
    return await work(token);
  } catch (error) {
    if (!(error instanceof SessionEnded)) throw error;
    await tokens.drop(token);
    return await work(await tokens.get());
  }
}
