import { randomBytes } from 'node:crypto';
import type { SignInMethod, SignInOutcome, SignInResponse } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import type { Log } from '../../lib/log.ts';
import { sha256 } from '../../lib/sha256.ts';
import { APIError, type Auth } from './auth.ts';
import type { AccountMail } from './mails.ts';
import { type Answered, type Asking, deviceCookie, deviceOf, headersOf, pendingOf } from './requests.ts';
import type { Sessions } from './sessions.ts';
import type { AccountStore } from './store.ts';

/** A code of an app is valid for its half minute and those beside it. */
const CODE_MS = 3 * 60_000;
const LOCK_S = 15 * 60;

export type SignIn = ReturnType<typeof createSignIn>;

type Deps = {
  auth: () => Auth;
  store: AccountStore;
  sessions: Sessions;
  mail: (mail: AccountMail) => Promise<void>;
  relayOrigin: () => string;
  log: Log;
  now: () => Date;
};

/** Signing in: by password and second factor, by passkey, by what a mail's link has proven. */
export function createSignIn({ auth, store, sessions, mail, relayOrigin, log, now }: Deps) {
  return {
    /** Throws the same for a wrong password as for an address that nobody has, after the same work. */
    async byPassword(asked: Asking, { email, password }: { email: string; password: string }) {
      const headers = headersOf(asked, { asNobody: true });
      try {
        const signed = await auth().api.signInEmail({ body: { email, password }, headers, returnHeaders: true });
        const user = await store.userByEmail(email);
        if (!user) throw refused();
        if (!('twoFactorRedirect' in signed.response)) return finish(asked, user.id, 'password', signed.headers);
        await leave(asked);
        await note(asked, user.id, 'second_factor', 'password');
        return answered('second_factor', signed.headers.getSetCookie());
      } catch (error) {
        if (!(error instanceof APIError)) throw error;
        // What is written down of a user who is there must not show in how long the answer takes.
        void store
          .userByEmail(email)
          .then(user => user && note(asked, user.id, 'refused', 'password'))
          .catch(fault => log.error({ err: fault }, 'a refused sign-in was not written down'));
        throw refused();
      }
    },

    async bySecondFactor(asked: Asking, { code, kind }: { code: string; kind: 'totp' | 'recovery' }) {
      const context = await auth().$context;
      const pending = pendingOf(asked);
      const userId = pending && (await context.internalAdapter.findVerificationValue(pending))?.value;
      if (!userId) throw codeRefused('The sign-in that this code belongs to is over. Begin again with your password.');
      const typed = code.replace(/\s/g, '');
      const how = {
        body: { code: typed },
        headers: headersOf(asked, { asNobody: true }),
        returnHeaders: true,
      } as const;
      try {
        if (kind === 'totp' && !(await isFirst(userId, typed))) throw new APIError('UNAUTHORIZED');
        const { api } = auth();
        const { headers } = await (kind === 'totp' ? api.verifyTOTP(how) : api.verifyBackupCode(how));
        const done = await finish(asked, userId, kind, headers);
        const user = kind === 'recovery' ? await store.userById(userId) : null;
        if (user) await mail({ kind: 'recovery_code_used', to: user.email, locale: user.locale ?? 'en' });
        return done;
      } catch (error) {
        if (!(error instanceof APIError)) throw error;
        await note(asked, userId, 'refused', kind);
        if (error.statusCode === 429) {
          const words = 'Too many wrong codes. Wait a quarter of an hour, or sign in by a passkey.';
          throw new AppError('rate_limited', words, { retryAfterS: LOCK_S });
        }
        throw codeRefused('This code is wrong, was used already, or is too old. Take the next one.');
      }
    },

    async passkeyOptions(asked: Asking): Promise<Answered<{ challenge: string }>> {
      const { response, headers } = await auth().api.generatePasskeyAuthenticationOptions({
        headers: headersOf(asked, { asNobody: true }),
        returnHeaders: true,
      });
      return {
        answer: { ...response, userVerification: 'required' } as { challenge: string },
        cookies: headers.getSetCookie(),
      };
    },

    async byPasskey(asked: Asking, { response }: { response: { id: string } }) {
      try {
        const signed = await auth().api.verifyPasskeyAuthentication({
          body: { response } as never,
          headers: headersOf(asked, { asNobody: true }),
          returnHeaders: true,
        });
        return finish(asked, signed.response.user.id, 'passkey', signed.headers);
      } catch (error) {
        if (!(error instanceof APIError)) throw error;
        const userId = await store.passkeyOwner(response.id);
        if (userId) await note(asked, userId, 'refused', 'passkey');
        throw new AppError(
          'sign_in_refused',
          'This passkey is not known here, or its answer came too late. Try again.',
        );
      }
    },

    /** Signs in whom a mail's link has proven to be this user. */
    async byProof(asked: Asking, userId: string) {
      const headers = headersOf(asked, { asNobody: true });
      const signed = await auth().api.signInProven({ body: { userId }, headers, returnHeaders: true });
      return finish(asked, userId, 'link', signed.headers);
    },

    /** Ends the session, if there is one. */
    async out(asked: Asking): Promise<string[]> {
      const actor = await sessions.find(asked);
      const { headers } = await auth().api.signOut({ headers: headersOf(asked), returnHeaders: true });
      if (actor) await sessions.ended(actor.userId, actor.sessionId);
      return headers.getSetCookie();
    },
  };

  /** Who signs in gives up the session that this browser had. */
  async function leave(asked: Asking): Promise<void> {
    const before = await sessions.find(asked);
    if (before) await sessions.end(before.userId, before.sessionId);
  }

  /** Somebody is signed in, in a session of its own. */
  async function finish(asked: Asking, userId: string, method: SignInMethod, headers: Headers) {
    await leave(asked);
    const device = deviceOf(asked) ?? randomBytes(16).toString('base64url');
    const known = await store.knownDevices(userId, hashOf(userId, device));
    await note(asked, userId, 'signed_in', method, hashOf(userId, device));
    const user = known.any && !known.this ? await store.userById(userId) : null;
    if (user) {
      const { ipAddress, userAgent } = asked;
      const said = { at: now().toISOString(), ipAddress, userAgent };
      await mail({ kind: 'new_device', to: user.email, locale: user.locale ?? 'en', ...said });
    }
    const isSecure = relayOrigin().startsWith('https:');
    return answered('signed_in', [...headers.getSetCookie(), deviceCookie(device, isSecure)]);
  }

  async function note(asked: Asking, userId: string, outcome: SignInOutcome, method: SignInMethod, device = '') {
    const { ipAddress, userAgent } = asked;
    await store.addSignIn({ userId, outcome, method, ipAddress, userAgent, device, createdAt: now() });
  }

  /** RFC 6238, 5.2: a code is not taken a second time. */
  async function isFirst(userId: string, code: string): Promise<boolean> {
    const hash = sha256(`totp ${userId} ${code}`);
    const id = hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const at = now();
    return store.claim(id, `totp ${hash}`, at, new Date(at.getTime() + CODE_MS));
  }
}

const answered = (state: SignInResponse['state'], cookies: string[]): Answered<SignInResponse> => ({
  answer: { state },
  cookies,
});

/** The same browser is another device for another user: nobody learns from these rows who shares one. */
const hashOf = (userId: string, device: string): string => sha256(`${userId} ${device}`);

const refused = () =>
  new AppError(
    'sign_in_refused',
    'The e-mail address or the password is wrong, or the address is not confirmed yet: then open the link in our mail.',
  );
const codeRefused = (words: string) => new AppError('second_factor_refused', words);
