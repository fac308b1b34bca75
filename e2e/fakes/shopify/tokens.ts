import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What one exchange or refresh gave. */
type Grant = {
  access: string;
  refresh: string;
  accessEnds: number;
  refreshEnds: number;
  scopes: string[];
  /** Shopify has seen its access token, or its refresh token. */
  used: boolean;
  next?: Grant;
};

export type TokenAnswer = { status: number; body: object };

const HOUR_S = 60 * 60;
const REFRESH_S = 90 * 24 * HOUR_S;
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const OFFLINE = 'urn:shopify:params:oauth:token-type:offline-access-token';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';

/** The access tokens of one shop: expiring offline tokens with rotation, as Shopify gives them since 2026. */
export function createTokens(domain: string, app: { apiKey: string; apiSecret: string }) {
  let grants: Grant[] = [];
  let refusesRefresh = false;

  const grant = (scopes: string[]): Grant => {
    const now = Date.now();
    const made = {
      access: `shpat_${randomBytes(16).toString('hex')}`,
      refresh: `shprt_${randomBytes(16).toString('hex')}`,
      accessEnds: now + HOUR_S * 1_000,
      refreshEnds: now + REFRESH_S * 1_000,
      scopes,
      used: false,
    };
    grants.push(made);
    return made;
  };
  const answer = ({ access, refresh, scopes }: Grant): TokenAnswer => ({
    status: 200,
    body: {
      access_token: access,
      scope: scopes.join(','),
      expires_in: HOUR_S,
      refresh_token: refresh,
      refresh_token_expires_in: REFRESH_S,
    },
  });

  return {
    /** What the token endpoint says to this body. `scopes`: what the merchant has granted; none: not installed. */
    // biome-ignore lint/suspicious/noExplicitAny: it is whatever was sent
    exchange(body: any, scopes: string[] | undefined): TokenAnswer {
      if (body?.client_id !== app.apiKey || body?.client_secret !== app.apiSecret) return refuse('invalid_client');
      if (body.grant_type === 'refresh_token') return this.refresh(String(body.refresh_token), scopes);
      if (body.grant_type !== EXCHANGE) return refuse('unsupported_grant_type');
      if (body.requested_token_type !== OFFLINE || body.subject_token_type !== ID_TOKEN)
        return refuse('invalid_request');
      // A public app made since April 2026 gets no other tokens.
      if (body.expiring !== '1') return refuse('invalid_request', 'Only expiring offline tokens are given.');
      if (!scopes || !isIdTokenOf(String(body.subject_token), domain, app)) return refuse('invalid_subject_token');
      return answer(grant([...scopes]));
    },

    refresh(token: string, scopes: string[] | undefined): TokenAnswer {
      const known = grants.find(({ refresh }) => refresh === token);
      if (!known || !scopes || refusesRefresh || known.refreshEnds < Date.now()) return refuse('invalid_grant');
      known.used = true;
      // A refresh token that was used may be sent again until its replacement is used.
      if (known.next?.used) return refuse('invalid_grant');
      known.next ??= grant([...scopes]);
      return answer(known.next);
    },

    /** The scopes of an access token that is good now. */
    scopesOf(token: string | undefined): string[] | undefined {
      const known = grants.find(({ access }) => access === token);
      if (!known || known.accessEnds < Date.now() || known.next?.used) return undefined;
      known.used = true;
      return known.scopes;
    },

    /** No token of before is good any more, neither kind. */
    revoke(): void {
      grants = [];
    },

    /** The access tokens end; they can be refreshed. */
    expire(): void {
      for (const each of grants) each.accessEnds = 0;
    },

    /** Refresh tokens are answered with `invalid_grant` from now on. */
    refuseRefresh(refuses = true): void {
      refusesRefresh = refuses;
    },

    /** What the merchant agreed to later also goes for the tokens that are out. */
    setScopes(scopes: string[]): void {
      for (const each of grants) each.scopes = [...scopes];
    },

    /** Every token that was given and not revoked, of both kinds. */
    all: (): string[] => grants.flatMap(({ access, refresh }) => [access, refresh]),
  };
}

const refuse = (error: string, description = error): TokenAnswer => ({
  status: 400,
  body: { error, error_description: description },
});

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JSON Web Token by HS256. */
export function jwt(claims: object, secret: string): string {
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function isIdTokenOf(
  token: string,
  domain: string,
  { apiKey, apiSecret }: { apiKey: string; apiSecret: string },
): boolean {
  const [head = '', body = '', signature = ''] = token.split('.');
  const right = createHmac('sha256', apiSecret).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== right.length || !timingSafeEqual(given, right)) return false;
  const { aud, dest, exp } = JSON.parse(Buffer.from(body, 'base64url').toString());
  return aud === apiKey && dest === `https://${domain}` && exp * 1_000 > Date.now();
}
