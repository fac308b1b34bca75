import { passkey } from '@better-auth/passkey';
import { APIError, createAuthEndpoint, createAuthMiddleware } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { makeSignature } from 'better-auth/crypto';
import { betterAuth } from 'better-auth/minimal';
import { twoFactor } from 'better-auth/plugins/two-factor';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Db } from '../../db/database.ts';
import { isSame } from '../../lib/is-same.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { authAdapter } from './auth-adapter.ts';
import type { Passwords } from './passwords.ts';

/** A session ends by itself so long after it began, whoever uses it. */
export const SESSION_DAYS = 30;
const SESSION_S = SESSION_DAYS * 24 * 60 * 60;

/** What we tell better-auth of a request, beside its cookies. */
export const ADDRESS_HEADER = 'x-confab-address';
export const COOKIE_PREFIX = 'confab';

export { APIError };
export type Auth = ReturnType<typeof createAuth>;

type Deps = {
  db: Db;
  keyring: Pick<Keyring, 'signInSecrets'>;
  passwords: Pick<Passwords, 'hash' | 'verify'>;
  /** Where browsers reach the relay. */
  origin: string;
  now: () => Date;
};

/**
 * better-auth on our tables: sessions and their cookies, passwords, second factors, passkeys. It is called in this process
 * only; none of its own addresses is served, so what `routes.ts` does not call, nobody reaches.
 */
export function createAuth({ db, keyring, passwords, origin, now }: Deps) {
  return betterAuth({
    appName: 'Confab',
    baseURL: origin,
    secrets: keyring.signInSecrets,
    database: authAdapter(db),
    // Its lines repeat what people typed.
    logger: { disabled: true },
    telemetry: { enabled: false },
    // Ours count each call, by address and by mailbox: `http/rate-limit.ts`.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      database: { generateId: () => uuidv7() },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
    },
    account: { modelName: 'credential' },
    session: { expiresIn: SESSION_S, disableSessionRefresh: true, cookieCache: { enabled: false }, freshAge: 0 },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      // The contract has its bounds.
      minPasswordLength: 1,
      maxPasswordLength: 1_000,
      password: passwords,
    },
    hooks: { before: acceptOlderKeys(keyring.signInSecrets) },
    databaseHooks: {
      session: {
        create: {
          async before(session, context) {
            const at = now();
            return {
              data: {
                ...session,
                ipAddress: context?.headers?.get(ADDRESS_HEADER) ?? null,
                userAgent: context?.headers?.get('user-agent') ?? null,
                createdAt: at,
                updatedAt: at,
                expiresAt: new Date(at.getTime() + SESSION_S * 1_000),
              },
            };
          },
        },
      },
    },
    plugins: [
      twoFactor({ issuer: 'Confab' }),
      passkey({
        rpID: new URL(origin).hostname,
        rpName: 'Confab',
        origin,
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        // A passkey stands for both factors, so it must have asked for one itself.
        registration: {
          async afterVerification({ verification }) {
            requireVerified(verification.registrationInfo?.userVerified);
          },
        },
        authentication: {
          async afterVerification({ verification }) {
            requireVerified(verification.authenticationInfo.userVerified);
          },
        },
      }),
      provenSignIn(),
    ],
  });
}

function requireVerified(userVerified: boolean | undefined): void {
  if (!userVerified) throw new APIError('UNAUTHORIZED', { message: 'the passkey did not ask who its holder is' });
}

/**
 * better-auth decrypts by older secrets, but checks cookies by the newest only, which would sign everybody out when keys rotate.
 * So a cookie that an older one has signed is signed anew before better-auth sees it.
 */
function acceptOlderKeys([newest, ...older]: Keyring['signInSecrets']) {
  return createAuthMiddleware(async ctx => {
    const cookie = ctx.headers?.get('cookie');
    if (!newest || older.length === 0 || !cookie) return undefined;
    const pairs = cookie.split('; ').map(async pair => {
      const [, name, value = '', signature = ''] = SIGNED.exec(pair) ?? [];
      if (name === undefined) return pair;
      for (const { value: secret } of older) {
        const isOurs = isSame(
          Buffer.from(decodeURIComponent(signature)),
          Buffer.from(await makeSignature(value, secret)),
        );
        if (isOurs) return `${name}=${value}.${encodeURIComponent(await makeSignature(value, newest.value))}`;
      }
      return pair;
    });
    const headers = new Headers(ctx.headers);
    headers.set('cookie', (await Promise.all(pairs)).join('; '));
    return { context: { headers } };
  });
}

/** What better-auth has signed: letters and digits, and the HMAC behind the last dot, in base64 as a URL has it. */
const SIGNED = new RegExp(`^((?:__Secure-)?${COOKIE_PREFIX}\\.\\w+)=([\\w-]+)\\.((?:[\\w-]|%2[BFbf]|%3[Dd])+)$`);

/** Signs in whoever has proven by a mail's link who they are. */
const provenSignIn = () => ({
  id: 'proven-sign-in',
  endpoints: {
    signInProven: createAuthEndpoint.serverOnly(
      { method: 'POST', body: z.object({ userId: z.string() }) },
      async ctx => {
        const { internalAdapter } = ctx.context;
        const user = await internalAdapter.findUserById(ctx.body.userId);
        if (!user) throw new APIError('UNAUTHORIZED');
        const session = await internalAdapter.createSession(user.id);
        await setSessionCookie(ctx, { session, user });
        return ctx.json({ sessionId: session.id });
      },
    ),
  },
});
