import { HttpResponseError, InvalidJwtError, RequestedTokenType, type Session } from '@shopify/shopify-api';
import type { Keyring } from '../../lib/keyring.ts';
import type { Api } from './api.ts';
import { ShopifyFault } from './fault.ts';
import { outOfDate } from './id-token.ts';
import { type SessionStorage, sessionIdOf, sessionStorage } from './session-storage.ts';
import type { Shops } from './shops.ts';

/** A token that ends sooner is renewed before it is used. */
const RENEW_BEFORE_MS = 5 * 60 * 1_000;
/** One that ends later still serves where Shopify cannot renew it at the moment. */
const USABLE_MS = 30 * 1_000;

export type Tokens = ReturnType<typeof createTokens>;

type Deps = {
  api: Api;
  shops: Pick<Shops, 'alone' | 'byDomain'>;
  /** Reads outside of any lock. */
  sessions: SessionStorage;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt'>;
};

/** A session with an access token. */
export type Access = Session & { accessToken: string };

/**
 * The expiring tokens of the shops, each renewed by one caller at a time: of this process by taking turns, of all
 * processes by the shop's row. Whoever had to wait finds the new ones. A pair is kept by one write before it is used.
 */
export function createTokens({ api, shops, sessions, keyring }: Deps) {
  const turns = new Map<string, Promise<unknown>>();

  return {
    /**
     * An access token for this shop that is good for a while; not `dead`, which Shopify has refused. Throws a
     * `ShopifyFault`: `not_installed`, or `needs_merchant` once Shopify takes the refresh token no more.
     */
    async accessTo(domain: string, { dead }: { dead?: string | undefined } = {}): Promise<Access> {
      const session = await sessions.loadSession(sessionIdOf(domain));
      if (isGood(session, dead, RENEW_BEFORE_MS)) return session;
      const renewed = await alone(domain, async held => {
        const current = await held.loadSession(sessionIdOf(domain));
        if (isGood(current, dead, RENEW_BEFORE_MS)) return current;
        const found = await renew(domain, current, dead);
        if (found === 'void') await held.deleteSession(sessionIdOf(domain));
        else if (found !== current) {
          // The embedded database has no lock: the app may have been removed while Shopify made the new ones.
          if (!(await held.loadSession(sessionIdOf(domain)))) throw notInstalled();
          await keep(held, found);
        }
        return found;
      });
      if (renewed === 'void') {
        const shop = await shops.byDomain(domain);
        if (shop?.uninstalledAt !== null) throw notInstalled();
        throw new ShopifyFault('needs_merchant', 'Shopify takes the tokens of this shop no more; open the app there.');
      }
      return renewed;
    },

    /**
     * Gets the shop's tokens for an ID token of its admin, unless good ones are there. Throws 401 `unauthorized` where
     * Shopify finds the ID token too old, else a `ShopifyFault`.
     */
    async exchange(domain: string, idToken: string): Promise<void> {
      await alone(domain, async held => {
        if (isGood(await held.loadSession(sessionIdOf(domain)), undefined, RENEW_BEFORE_MS)) return;
        const { session } = await api.auth
          .tokenExchange({
            shop: domain,
            sessionToken: idToken,
            requestedTokenType: RequestedTokenType.OfflineAccessToken,
            expiring: true,
          })
          .catch(error => {
            const isOld = error instanceof InvalidJwtError || errorCodeOf(error) === 'invalid_subject_token';
            throw isOld ? outOfDate() : faultOf(error);
          });
        await keep(held, session);
      });
    },
  };

  async function renew(
    domain: string,
    session: Session | undefined,
    dead: string | undefined,
  ): Promise<Access | 'void'> {
    const { refreshToken, refreshTokenExpires } = session ?? {};
    if (!refreshToken || (refreshTokenExpires && refreshTokenExpires.getTime() <= Date.now())) return 'void';
    try {
      return (await api.auth.refreshToken({ shop: domain, refreshToken })).session as Access;
    } catch (error) {
      if (errorCodeOf(error) === 'invalid_grant') return 'void';
      if (isGood(session, dead, USABLE_MS)) return session;
      throw faultOf(error);
    }
  }

  function isGood(session: Session | undefined, dead: string | undefined, forMs: number): session is Access {
    if (!session?.accessToken || session.accessToken === dead) return false;
    // The SDK has counted from the clock of this process.
    return session.expires === undefined || session.expires.getTime() > Date.now() + forMs;
  }

  async function keep(held: SessionStorage, session: Session): Promise<void> {
    const isKept = await held.storeSession(session);
    if (!isKept) throw notInstalled();
  }

  async function alone<Result>(domain: string, work: (held: SessionStorage) => Promise<Result>): Promise<Result> {
    const before = turns.get(domain) ?? Promise.resolve();
    const begin = () => shops.alone(domain, db => work(sessionStorage({ db, keyring })));
    const mine = before.then(begin, begin);
    turns.set(domain, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(domain) === mine) turns.delete(domain);
    }
  }
}

const notInstalled = () => new ShopifyFault('not_installed', 'The shop does not have the app (any more).');

/** The word by which the token endpoint says why not (RFC 6749, 5.2). */
function errorCodeOf(error: unknown): string | undefined {
  if (!(error instanceof HttpResponseError) || error.response.code !== 400) return undefined;
  return String(error.response.body?.error);
}

function faultOf(error: unknown): ShopifyFault {
  const status = error instanceof HttpResponseError ? error.response.code : undefined;
  if (status === undefined || status >= 500) {
    return new ShopifyFault('unreachable', 'Shopify gave no token; it did not answer, or is in trouble.');
  }
  if (status === 429) return new ShopifyFault('throttled', 'Shopify was asked for tokens too often.');
  return new ShopifyFault(
    'refused',
    `Shopify gave no token (${status}). Check SHOPIFY_API_KEY and SHOPIFY_API_SECRET, and that the shop has the app.`,
  );
}
