import { passkey } from '@better-auth/passkey';
import { APIError, createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { betterAuth } from 'better-auth/minimal';
import { twoFactor } from 'better-auth/plugins/two-factor';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Db } from '../../db/database.ts';
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
